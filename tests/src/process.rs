//! A standalone process on free ports.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Standalone {
    program: PathBuf,
    data: PathBuf,
    policy: Option<PathBuf>,
    pub listen: SocketAddr,
    pub admin: SocketAddr,
    child: Child,
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its address")
}

/// A program of the workspace, which stands where its caller was built.
fn program(name: &str) -> PathBuf {
    let caller = std::env::current_exe().expect("a running program");
    let folder = caller.parent().expect("a folder");
    let folder = if folder.ends_with("deps") { folder.parent().expect("a target folder") } else { folder };
    let program = folder.join(name);
    assert!(program.exists(), "{} is not built: cargo build --workspace --bins", program.display());
    program
}

impl Standalone {
    /// Starts the program on a folder, and waits until it is ready.
    pub async fn start(data: &Path, policy: Option<&Path>) -> Self {
        let (listen, admin) = (free_address(), free_address());
        let program = program("standalone");
        let child = spawn(&program, data, policy, listen, admin);
        let (data, policy) = (data.into(), policy.map(Path::to_path_buf));
        let mut started = Self { program, data, policy, listen, admin, child };
        started.wait_until_ready().await;
        started
    }

    /// SIGKILL, and a new process on the same folder and ports.
    pub async fn kill_and_restart(&mut self) {
        self.child.kill().await.expect("killed");
        self.child = spawn(&self.program, &self.data, self.policy.as_deref(), self.listen, self.admin);
        self.wait_until_ready().await;
    }

    /// SIGTERM; waits until the process has ended, and says whether with success.
    pub async fn end(&mut self) -> bool {
        let pid = self.pid().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().await.expect("kill runs");
        assert!(told.success());
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("ends in time");
        ended.expect("an exit status").success()
    }

    /// Starts again on the same folder and ports, after [`Self::end`].
    pub async fn restart(&mut self) {
        self.child = spawn(&self.program, &self.data, self.policy.as_deref(), self.listen, self.admin);
        self.wait_until_ready().await;
    }

    async fn wait_until_ready(&mut self) {
        let url = format!("http://{}/readyz", self.admin);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = reqwest::get(&url).await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            if let Some(status) = self.child.try_wait().expect("a child") {
                panic!("standalone ended: {status}");
            }
            assert!(Instant::now() < deadline, "not ready in time");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Where sockets are opened.
    pub fn socket_url(&self) -> String {
        format!("ws://{}/graphql", self.listen)
    }

    /// Of the running process.
    pub fn pid(&self) -> u32 {
        self.child.id().expect("running")
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.listen)
    }
}

fn spawn(program: &Path, data: &Path, policy: Option<&Path>, listen: SocketAddr, admin: SocketAddr) -> Child {
    let mut command = Command::new(program);
    command.arg("--data-dir").arg(data).args(["--listen", &listen.to_string()]);
    command.args(["--admin", &admin.to_string()]);
    if let Some(policy) = policy {
        command.arg("--policy").arg(policy);
    }
    let log = std::fs::OpenOptions::new().create(true).append(true).open(data.with_extension("log"));
    let log = log.map_or_else(|_| Stdio::null(), Stdio::from);
    command.stdout(Stdio::null()).stderr(log).env("MM_LOG", "warn").kill_on_drop(true);
    command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()))
}
