//! Reading, writing and destroying in three threads, in every order that loom can find (`make loom`).
//! Handles, connection and semaphores are the real ones; the socket is modelled_tcp.rs.

use super::*;
use crate::handle::Table;
use crate::lock::bounded_model;
use crate::os::sync::{self, Kind};
use loom::thread;
use std::sync::{Arc, Weak};

/// TLS that passes bytes on as they are.
struct Plain;

impl Engine for Plain {
    fn step(&mut self, io: &mut dyn Io, want: Want<'_>) -> Outcome {
        let (result, blocked) = match want {
            Want::Read(buffer) => (io.read(buffer), Outcome::WantRead),
            Want::Write(bytes) => (io.write(bytes), Outcome::WantWrite),
            _ => (Ok(0), Outcome::Done(0)),
        };
        match result {
            Ok(0) if matches!(blocked, Outcome::WantRead) => Outcome::Eof,
            Ok(n) => Outcome::Done(n),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => blocked,
            Err(e) => Outcome::Failed(Error::new(ErrorKind::ConnectionLost, e.to_string())),
        }
    }

    fn negotiated(&self) -> Option<Negotiated> {
        None
    }

    fn server_chain(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

fn never() -> Deadline {
    Deadline::after_ms(3_600_000)
}

/// A table with one connection, its handle, and a look at whether it still lives.
fn one_connection() -> (Arc<Table<Connection>>, usize, Weak<Connection>) {
    let table = Arc::new(Table::new());
    let connection = Connection::handshake(TcpSocket::default(), Box::new(Plain), never()).unwrap();
    let connection = Arc::new(connection);
    let alive = Arc::downgrade(&connection);
    let handle = table.insert(connection).unwrap() as usize;
    (table, handle, alive)
}

/// As HAL_SSL_Read and HAL_SSL_Write do: `None` when the handle names nothing.
fn read(table: &Table<Connection>, handle: usize) -> Option<Result<usize>> {
    table.get(handle).map(|connection| connection.read(&mut [0; 2], never()))
}

fn write(table: &Table<Connection>, handle: usize) -> Option<Result<usize>> {
    table.get(handle).map(|connection| connection.write(&[0; 2], never()))
}

/// As HAL_SSL_Destroy does.
fn destroy(table: &Table<Connection>, handle: usize) {
    if let Some(connection) = table.remove(handle) {
        connection.destroy();
    }
}

fn ended_by_destroy(result: Option<Result<usize>>) -> bool {
    match result {
        None => true,
        Some(Err(error)) => error.kind() == ErrorKind::Destroyed,
        Some(Ok(count)) => panic!("{count} bytes of a peer that does nothing"),
    }
}

#[test]
fn destroying_ends_both_who_wait_and_frees_the_connection_once() {
    bounded_model(6, || {
        let (table, handle, alive) = one_connection();
        let (to_read, to_write) = (Arc::clone(&table), Arc::clone(&table));
        let reader = thread::spawn(move || read(&to_read, handle));
        let writer = thread::spawn(move || write(&to_write, handle));
        destroy(&table, handle);
        assert!(ended_by_destroy(reader.join().unwrap()));
        assert!(ended_by_destroy(writer.join().unwrap()));
        assert!(alive.upgrade().is_none(), "nobody has it, and it is still there");
        assert!(read(&table, handle).is_none() && write(&table, handle).is_none());
    });
}

#[test]
fn what_arrives_meanwhile_is_read_whole_or_not_at_all() {
    bounded_model(6, || {
        let (table, handle, alive) = one_connection();
        let (to_read, to_send) = (Arc::clone(&table), Arc::clone(&table));
        let reader = thread::spawn(move || read(&to_read, handle));
        let peer = thread::spawn(move || {
            to_send.get(handle).map(|connection| connection.socket.peer(2, 0));
        });
        destroy(&table, handle);
        peer.join().unwrap();
        match reader.join().unwrap() {
            Some(Ok(count)) => assert_eq!(count, 2),
            ended => assert!(ended_by_destroy(ended)),
        }
        assert!(alive.upgrade().is_none());
    });
}

#[test]
fn two_who_destroy_and_one_who_reads_agree() {
    loom::model(|| {
        let (table, handle, alive) = one_connection();
        let (to_read, to_destroy) = (Arc::clone(&table), Arc::clone(&table));
        let reader = thread::spawn(move || read(&to_read, handle));
        let other = thread::spawn(move || destroy(&to_destroy, handle));
        destroy(&table, handle);
        other.join().unwrap();
        assert!(ended_by_destroy(reader.join().unwrap()));
        assert!(alive.upgrade().is_none());
    });
}

#[test]
fn an_old_handle_never_names_what_took_its_place() {
    loom::model(|| {
        let table = Arc::new(Table::new());
        let old = table.insert(Arc::new("old")).unwrap() as usize;
        let (to_replace, to_look) = (Arc::clone(&table), Arc::clone(&table));
        let replacing = thread::spawn(move || {
            to_replace.remove(old);
            to_replace.insert(Arc::new("new")).unwrap() as usize
        });
        let looking = thread::spawn(move || to_look.get(old));
        assert_ne!(table.get(old).as_deref(), Some(&"new"));
        assert_ne!(looking.join().unwrap().as_deref(), Some(&"new"));
        let new = replacing.join().unwrap();
        assert!(table.get(old).is_none() && table.get(new).as_deref() == Some(&"new"));
    });
}

#[test]
fn who_waits_for_a_semaphore_gets_it_or_hears_of_its_end() {
    loom::model(|| {
        let semaphore = sync::create(Kind::Semaphore);
        let taking = thread::spawn(move || sync::take(Kind::Semaphore, semaphore, None));
        let giving = thread::spawn(move || sync::give(Kind::Semaphore, semaphore));
        assert!(sync::destroy(Kind::Semaphore, semaphore));
        let (taken, given) = (taking.join().unwrap(), giving.join().unwrap());
        assert!(given || !taken);
        assert!(!sync::take(Kind::Semaphore, semaphore, None));
    });
}

#[test]
fn a_mutex_of_the_firmware_lets_one_in_at_a_time() {
    bounded_model(4, || {
        let mutex = sync::create(Kind::Mutex);
        let inside = Arc::new(loom::sync::atomic::AtomicUsize::new(0));
        let enter = move |inside: &loom::sync::atomic::AtomicUsize| {
            assert!(sync::take(Kind::Mutex, mutex, None));
            assert_eq!(inside.fetch_add(1, Ordering::Relaxed), 0);
            inside.fetch_sub(1, Ordering::Relaxed);
            assert!(sync::give(Kind::Mutex, mutex));
        };
        let others = [Arc::clone(&inside), Arc::clone(&inside)]
            .map(|inside| thread::spawn(move || enter(&inside)));
        enter(&inside);
        others.into_iter().for_each(|other| other.join().unwrap());
        assert!(sync::destroy(Kind::Mutex, mutex));
    });
}
