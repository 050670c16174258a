//! A server of a test's own, which may be killed: started and stopped by the functions of
//! `deploy/services`.
//!
//! Invariant: it ends with the test, and only it.

use std::process::Command;

use tempfile::TempDir;

use crate::ports;

const SERVICES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/services");

pub struct Service {
    name: &'static str,
    folder: TempDir,
    port: u16,
}

impl Service {
    /// One broker that is its own controller. Takes some seconds.
    pub fn kafka() -> Self {
        Self::start("kafka")
    }

    /// One node. Takes some seconds.
    pub fn cassandra() -> Self {
        Self::start("cassandra")
    }

    /// One server, which keeps nothing. Takes a moment.
    pub fn redis() -> Self {
        Self::start("redis")
    }

    fn start(name: &'static str) -> Self {
        let service = Self { name, folder: tempfile::tempdir().expect("a folder"), port: ports::free(2) };
        service.restart();
        service
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Starts it again with the data that it had; returns when it answers.
    pub fn restart(&self) {
        self.shell(&format!("{}_start \"$1\" {}", self.name, self.port));
    }

    /// As a loss of the process: nothing is written to the end.
    pub fn kill(&self) {
        self.shell(
            "pid=$(service_pid \"$1\"); kill -9 \"$pid\"; while service_pid \"$1\"; do sleep 0.05; done",
        );
    }

    /// Runs a command of Redis that needs no answer.
    pub fn command(&self, command: &str) {
        self.shell(&format!("service_ask {} '{command}\\r\\n' 5 > /dev/null", self.port));
    }

    /// Sends a signal by its name.
    pub fn signal(&self, signal: &str) {
        self.shell(&format!("kill -{signal} \"$(service_pid \"$1\")\""));
    }

    /// Runs a line that knows how services are started; its first argument is the folder.
    fn shell(&self, line: &str) {
        let script = format!("source \"$0/service.sh\"; source \"$0/{0}/{0}.sh\"; {line}", self.name);
        let ended = Command::new("bash")
            .args(["-c", &script, SERVICES])
            .arg(self.folder.path())
            .envs([("MM_KAFKA_HEAP", "256m"), ("MM_CASSANDRA_HEAP", "384m")])
            .status()
            .expect("bash");
        assert!(ended.success(), "{line}: {ended}");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.shell("service_stop \"$1\"");
    }
}
