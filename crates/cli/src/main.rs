//! The program `weihe`.

/// An import asks for tens of millions of small pieces of memory on several threads (docs/adr/0008-allocator.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::main()
}
