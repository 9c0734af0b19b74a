//! The program `weihe`.

fn main() -> std::process::ExitCode {
    cli::main()
}
