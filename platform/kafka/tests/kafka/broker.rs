//! A broker of a test's own, which may be killed.
//!
//! Invariant: it ends with the test, and only it.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::{SETTINGS, config};

const SERVICES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/services");

pub struct Broker {
    folder: tempfile::TempDir,
    port: u16,
}

impl Broker {
    /// Starts one with all topics. Takes some seconds.
    pub async fn start() -> Self {
        let broker = Self { folder: tempfile::tempdir().expect("a folder"), port: free_port() };
        broker.restart();
        musclemap_kafka::setup::ensure(&config(&broker.address()), SETTINGS).await.expect("the topics");
        broker
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Starts it again with the data that it had; returns when it answers.
    pub fn restart(&self) {
        functions(self.folder.path(), &format!("kafka_start \"$1\" {}", self.port));
    }

    /// As a loss of the process: nothing is written to the end.
    pub fn kill(&self) {
        functions(self.folder.path(), "kill -9 \"$(service_pid \"$1\")\"");
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        functions(self.folder.path(), "service_stop \"$1\"");
    }
}

/// Runs a line of shell that knows how services are started; its first argument is the folder.
fn functions(folder: &Path, line: &str) {
    let script = format!("source \"$0/service.sh\"; source \"$0/kafka/kafka.sh\"; {line}");
    let ended = Command::new("bash")
        .args(["-c", &script, SERVICES])
        .arg(folder)
        .env("MM_KAFKA_HEAP", "256m")
        .status()
        .expect("bash");
    assert!(ended.success(), "{line}: {ended}");
}

/// One that is free together with the next.
fn free_port() -> u16 {
    let free = |port| TcpListener::bind(("127.0.0.1", port)).ok();
    for _ in 0..100 {
        let first = free(0).and_then(|listener| listener.local_addr().ok()).expect("a port").port();
        if first < u16::MAX && free(first).is_some() && free(first + 1).is_some() {
            return first;
        }
    }
    panic!("no two free ports in a row");
}
