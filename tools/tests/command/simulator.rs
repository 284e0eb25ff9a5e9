//! The simulator as a child process, and its control port.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::folder;

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Simulator {
    process: Child,
    control: BufReader<TcpStream>,
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
}

impl Simulator {
    /// Starts a simulator with further arguments; `name` is the name of its folder.
    pub(crate) fn start(name: &str, further: &[&str]) -> Self {
        let folder = folder::empty(name);
        let ready_file = folder.join("ready.json");
        let log = folder.join("log.jsonl");
        let mut process = Command::new(env!("CARGO_BIN_EXE_linksdk-x509"))
            .args(["simulate", "--pki", folder::text(folder::pki()), "--max-seconds", "60"])
            .args(["--ready-file", folder::text(&ready_file), "--log", folder::text(&log)])
            .args(further)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // The line comes after the ready file, so nobody has to wait for the file.
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("Platform for 2 device(s) on 127.0.0.1:"), "{line}");
        let ready: Value = serde_json::from_slice(&std::fs::read(&ready_file).unwrap()).unwrap();
        assert_eq!(ready["pid"], process.id());
        let port = |name: &str| u16::try_from(ready[name].as_u64().unwrap()).unwrap();
        let control = TcpStream::connect(("127.0.0.1", port("control_port"))).unwrap();
        control.set_read_timeout(Some(PATIENCE)).unwrap();
        Simulator { process, control: BufReader::new(control), folder, port: port("port") }
    }

    /// Sends a control command and returns the answer.
    pub(crate) fn control(&mut self, command: &str) -> String {
        self.control.get_ref().write_all(format!("{command}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        self.control.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }

    /// The log so far.
    pub(crate) fn log(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.join("log.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Lines of the log whose fields have these values.
    pub(crate) fn logged(&self, wanted: &[(&str, Value)]) -> Vec<Value> {
        let fits = |line: &Value| wanted.iter().all(|(name, value)| line[*name] == *value);
        self.log().into_iter().filter(fits).collect()
    }

    /// Ends the simulator by its control port; everything is in the log then.
    pub(crate) fn quit(&mut self) {
        assert_eq!(self.control("quit"), "ok");
        assert!(self.process.wait().unwrap().success());
        assert!(!self.folder.join("ready.json").exists());
    }

    /// Waits for the simulator to end by itself.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
