//! A program of the workspace that runs, ends, is killed and runs again on the same ports.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::ports;

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// How long a process may take to its end once it is told: its drain, and something beside.
const ENDS_WITHIN: Duration = Duration::from_secs(30);
/// Between two looks at a process.
const POLL: Duration = Duration::from_millis(10);

/// How a program is started.
#[derive(Debug, Clone)]
pub struct Start {
    pub program: &'static str,
    pub arguments: Vec<String>,
    pub variables: Vec<(String, String)>,
    /// Where what it says on standard error is kept.
    pub log: PathBuf,
}

pub struct Process {
    start: Start,
    pub listen: SocketAddr,
    pub admin: SocketAddr,
    child: Child,
}

/// A client of HTTP whose every answer is there in time.
pub fn http() -> reqwest::Client {
    reqwest::Client::builder().timeout(PATIENCE).build().expect("a client")
}

fn free_address() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, ports::free(1)).into()
}

/// A program of the workspace, which stands where its caller was built.
pub fn program(name: &str) -> PathBuf {
    let caller = std::env::current_exe().expect("a running program");
    let folder = caller.parent().expect("a folder");
    let folder = if folder.ends_with("deps") { folder.parent().expect("a target folder") } else { folder };
    let program = folder.join(name);
    assert!(program.exists(), "{} is not built: cargo build --workspace --bins", program.display());
    program
}

impl Process {
    /// Starts a program on free ports; it may not be ready yet.
    pub fn spawn(start: Start) -> Self {
        let (listen, admin) = (free_address(), free_address());
        let child = spawn(&start, listen, admin);
        Self { start, listen, admin, child }
    }

    pub fn program(&self) -> &'static str {
        self.start.program
    }

    /// Of the running process.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("running")
    }

    pub async fn kill(&mut self) {
        self.child.kill().await.expect("killed");
    }

    /// Itself, if it has ended.
    pub fn ended(&mut self) -> Option<&mut Self> {
        self.child.try_wait().expect("a child").is_some().then_some(self)
    }

    /// Runs again as it did; it may not be ready yet.
    pub fn respawn(&mut self) {
        self.child = spawn(&self.start, self.listen, self.admin);
    }

    /// Sends a signal by its name.
    pub async fn signal(&self, name: &str) {
        let told = Command::new("kill").args([&format!("-{name}"), &self.pid().to_string()]).status().await;
        assert!(told.expect("kill runs").success());
    }

    /// SIGTERM; waits until the process has ended, and says whether with success.
    pub async fn end(&mut self) -> bool {
        self.signal("TERM").await;
        self.wait().await
    }

    /// Waits until the process has ended, and says whether with success.
    pub async fn wait(&mut self) -> bool {
        timeout(ENDS_WITHIN, self.child.wait())
            .await
            .expect("ends in time")
            .expect("an exit status")
            .success()
    }

    /// Waits until the process has opened the operators' port, which may not be served yet.
    pub async fn wait_until_bound(&self) {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(self.admin).await.is_err() {
            assert!(Instant::now() < deadline, "{} opens no port in time", self.start.program);
            sleep(POLL).await;
        }
    }

    /// Waits until the process drains; something must keep it from its end.
    pub async fn wait_until_draining(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !self.operators("/readyz?verbose").await.contains("drain") {
            assert!(Instant::now() < deadline, "{} does not drain in time", self.start.program);
            sleep(POLL).await;
        }
    }

    /// The end of what it has logged.
    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(&self.start.log).unwrap_or_else(|error| error.to_string());
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    pub async fn wait_until_ready(&mut self) {
        let url = format!("http://{}/readyz?verbose", self.admin);
        let (http, deadline) = (http(), Instant::now() + PATIENCE);
        loop {
            let why = match http.get(&url).send().await {
                Ok(answer) if answer.status().is_success() => return,
                Ok(answer) => answer.text().await.unwrap_or_else(|error| error.to_string()),
                Err(error) => error.to_string(),
            };
            if let Some(status) = self.child.try_wait().expect("a child") {
                panic!("{} ended: {status}\n{}", self.start.program, self.last_words());
            }
            assert!(Instant::now() < deadline, "{} is not ready in time: {why}", self.start.program);
            sleep(POLL).await;
        }
    }

    /// Text of the operators' port.
    pub async fn operators(&self, path: &str) -> String {
        let url = format!("http://{}{path}", self.admin);
        let answer = http().get(url).send().await.expect("an answer");
        answer.text().await.expect("text")
    }
}

fn spawn(start: &Start, listen: SocketAddr, admin: SocketAddr) -> Child {
    let mut command = Command::new(program(start.program));
    command.args(&start.arguments).args(["--listen", &listen.to_string()]);
    command.args(["--admin", &admin.to_string()]);
    command.envs(start.variables.iter().map(|(name, value)| (name, value)));
    command.stdout(Stdio::null()).stderr(log(&start.log)).env("MM_LOG", "warn").kill_on_drop(true);
    command.spawn().unwrap_or_else(|error| panic!("{}: {error}", start.program))
}

fn log(file: &Path) -> Stdio {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(file);
    log.map_or_else(|_| Stdio::null(), Stdio::from)
}
