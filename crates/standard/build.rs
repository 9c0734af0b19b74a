//! Rebuilds the crate when a definition file is added, changed or removed.

fn main() {
    println!("cargo::rerun-if-changed=../../standard");
}
