//! Nothing that a file can hold makes the check panic.
