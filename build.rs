//! Compiles the C shim and generates the C header.

fn main() {}
