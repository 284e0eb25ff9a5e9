//! Randomness from the operating system.

use std::fs::File;
use std::io::{self, Read};

/// Fills `buffer` from the kernel's generator, waiting until it has been seeded after boot. There is
/// no other source to fall back to: an error means that there is no randomness.
pub fn fill(buffer: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        // SAFETY: `rest` may be written to for its whole length.
        let count = unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) };
        match usize::try_from(count) {
            Ok(count) => filled += count,
            Err(_) => match io::Error::last_os_error() {
                e if e.kind() == io::ErrorKind::Interrupted => {}
                // Kernels before 3.17.
                e if e.raw_os_error() == Some(libc::ENOSYS) => {
                    return File::open("/dev/urandom")?.read_exact(rest);
                }
                e => return Err(e),
            },
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_buffer_is_filled() {
        // Longer than what the kernel gives in one call when signals arrive.
        let mut buffer = [0; 1024];
        fill(&mut buffer).unwrap();
        assert!(buffer.chunks(32).all(|chunk| chunk.iter().any(|byte| *byte != 0)));
        fill(&mut []).unwrap();
    }
}
