//! A socket for loom: what `src/os/tcp.rs` promises, made of loom's locks. Nothing arrives and nothing
//! can be sent before a thread of the model says so, and no deadline passes.

use crate::deadline::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::lock::{Condvar, Mutex};
use std::io;
use std::net::SocketAddr;

/// What a wait is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    Read,
    Write,
    Either,
}

#[derive(Debug, Default)]
struct State {
    arrived: usize,
    room: usize,
    shut_down: bool,
}

#[derive(Debug, Default)]
pub struct TcpSocket {
    state: Mutex<State>,
    changed: Condvar,
}

impl TcpSocket {
    pub fn connect(_: &[SocketAddr], _: Deadline) -> Result<Self> {
        Err(Error::new(ErrorKind::Connect, "a model connects to nothing"))
    }

    /// `poll(2)`: until there is something to read or room, or both directions were shut down.
    pub fn wait(&self, interest: Interest, _: Deadline) {
        let mut state = self.state.lock().unwrap();
        loop {
            let readable = state.arrived > 0 && interest != Interest::Write;
            let writable = state.room > 0 && interest != Interest::Read;
            if readable || writable || state.shut_down {
                return;
            }
            state = self.changed.wait(state).unwrap();
        }
    }

    pub fn shut_down(&self) {
        self.state.lock().unwrap().shut_down = true;
        self.changed.notify_all();
    }

    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.state.lock().unwrap();
        let taken = state.arrived.min(buffer.len());
        state.arrived -= taken;
        match taken {
            0 if state.shut_down => Ok(0),
            0 => Err(io::ErrorKind::WouldBlock.into()),
            _ => Ok(taken),
        }
    }

    pub fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state.lock().unwrap();
        let taken = state.room.min(bytes.len());
        state.room -= taken;
        match taken {
            _ if state.shut_down => Err(io::ErrorKind::BrokenPipe.into()),
            0 => Err(io::ErrorKind::WouldBlock.into()),
            _ => Ok(taken),
        }
    }

    /// The peer's part of the model: so many bytes arrive, and so many more can be sent.
    pub fn peer(&self, arrived: usize, room: usize) {
        let mut state = self.state.lock().unwrap();
        state.arrived += arrived;
        state.room += room;
        drop(state);
        self.changed.notify_all();
    }
}
