//! The wire as Mbed TLS sees it: two buffers in memory, filled and emptied between its calls.
#![forbid(unsafe_code)]

use crate::tls::Io;
use mbedtls::error::codes;
use mbedtls::ssl::io::Io as TlsIo;
use std::io;

/// How much of the stream is taken at a time.
const PORTION: usize = 4096;

/// Bytes on their way from and to the stream.
#[derive(Default)]
pub(super) struct Pipe {
    incoming: Vec<u8>,
    /// How much of `incoming` has been taken.
    taken: usize,
    outgoing: Vec<u8>,
    ended: bool,
}

/// How an attempt to fill the pipe ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Filled {
    Bytes,
    Nothing,
    End,
}

impl Pipe {
    /// Takes from the stream what is there, up to a bound.
    pub(super) fn fill(&mut self, io: &mut dyn Io) -> io::Result<Filled> {
        let mut portion = [0; PORTION];
        let count = match io.read(&mut portion) {
            Ok(0) => {
                self.ended = true;
                return Ok(Filled::End);
            }
            Ok(count) => count,
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(Filled::Nothing),
            Err(e) => return Err(e),
        };
        self.incoming.drain(..self.taken.min(self.incoming.len()));
        self.taken = 0;
        self.incoming.extend(portion.iter().take(count));
        Ok(Filled::Bytes)
    }

    /// Whether the stream has ended and everything before its end was taken.
    pub(super) fn is_at_its_end(&self) -> bool {
        self.ended && self.taken >= self.incoming.len()
    }

    /// Gives the stream what waits. `Ok(false)` when it takes no more now.
    pub(super) fn empty(&mut self, io: &mut dyn Io) -> io::Result<bool> {
        while !self.outgoing.is_empty() {
            match io.write(&self.outgoing) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => drop(self.outgoing.drain(..count.min(self.outgoing.len()))),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(e) => return Err(e),
            }
        }
        Ok(true)
    }
}

impl TlsIo for Pipe {
    fn recv(&mut self, buffer: &mut [u8]) -> mbedtls::Result<usize> {
        let rest = self.incoming.get(self.taken..).unwrap_or_default();
        if rest.is_empty() {
            return if self.ended { Ok(0) } else { Err(codes::SslWantRead.into()) };
        }
        let count = rest.len().min(buffer.len());
        buffer.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        self.taken += count;
        Ok(count)
    }

    fn send(&mut self, bytes: &[u8]) -> mbedtls::Result<usize> {
        self.outgoing.extend_from_slice(bytes);
        Ok(bytes.len())
    }
}
