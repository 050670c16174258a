//! A whole system for one test: all roles in one process, or each in processes of its own over servers
//! that many tests share. `MM_STACK` says which.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::available_parallelism;

use futures::future::join_all;
use meilisearch_stand_in::StandIn;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;
use uuid::Uuid;

use crate::outside::Outside;
use crate::process::{PATIENCE, Process, Start, program};
use crate::push_service::PushService;
use crate::site::Site;
use crate::translator::Translator;

/// What the system stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stack {
    Standalone,
    Distributed,
}

impl Stack {
    /// The one that `MM_STACK` names; without it the one that needs nothing installed.
    pub fn chosen() -> Self {
        match std::env::var("MM_STACK").as_deref() {
            Err(_) | Ok("standalone") => Self::Standalone,
            Ok("distributed") => Self::Distributed,
            Ok(other) => panic!("MM_STACK is standalone or distributed, not {other}"),
        }
    }
}

/// Where the servers are that a distributed system stands on.
pub struct Servers {
    pub kafka: String,
    pub tables: String,
    pub redis: String,
}

impl Servers {
    /// Those that many tests share.
    pub fn shared() -> Self {
        let server = |name: &str| {
            let start = "deploy/services/run start, then eval \"$(deploy/services/run env)\"";
            std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: {start}"))
        };
        let redis = server("MM_REDIS_URL");
        let redis = redis.strip_prefix("redis://").expect("a redis:// address").to_owned();
        Self { kafka: server("MM_KAFKA_BOOTSTRAP"), tables: server("MM_SCYLLA_NODES"), redis }
    }
}

/// Roles of the distributed stack, and how many processes of each.
const ROLES: [(&str, usize); 9] = [
    ("accounts", 2),
    ("conversations", 2),
    ("profiles", 1),
    ("media", 1),
    ("search-index", 1),
    ("notifier", 1),
    ("link-preview", 1),
    ("ingest", 2),
    ("fanout", 2),
];
/// Requests, and bytes for the log, in a minute: clients of a test are in haste, and at one address.
const PER_MINUTE: &str = "1000000000";
/// The built web client, where it is built.
const WEB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/app/dist");
/// Few, because many systems share one broker.
const PARTITIONS: &str = "4";

pub struct System {
    pub stack: Stack,
    pub processes: Vec<Process>,
    turn: AtomicUsize,
    operators: Operators,
    /// What a distributed system finds messages by.
    pub search: Option<StandIn>,
    /// Removed with the system.
    _folder: Option<TempDir>,
}

impl System {
    pub async fn start() -> Self {
        Self::with_policy(None).await
    }

    /// A system under another policy than the shipped one.
    pub async fn with_policy(policy: Option<&Path>) -> Self {
        Self::choose(policy, Limits::Wide).await
    }

    /// A system whose limits of requests and connections are the shipped ones.
    pub async fn with_shipped_limits(policy: Option<&Path>) -> Self {
        Self::choose(policy, Limits::Shipped).await
    }

    /// A system whose pushes go to a push service of the test.
    pub async fn with_pushes(to: &PushService) -> Self {
        Self::on(Stack::chosen(), None, Limits::Wide, Outside::Pushes(to)).await
    }

    /// A system whose provider of GIFs, of a kind by its name, is a site of the test.
    pub async fn with_gifs(provider: &str, at: &Site) -> Self {
        Self::on(Stack::chosen(), None, Limits::Wide, Outside::Gifs(provider, at)).await
    }

    /// A system whose links lead to a site of the test.
    pub async fn with_site(site: &Site, policy: Option<&Path>) -> Self {
        Self::on(Stack::chosen(), policy, Limits::Wide, Outside::Site(site)).await
    }

    /// A system whose messages are translated by a translator of the test.
    pub async fn with_translator(translator: &Translator, policy: Option<&Path>) -> Self {
        Self::on(Stack::chosen(), policy, Limits::Wide, Outside::Translator(translator)).await
    }

    /// The same as a distributed system on the servers that many tests share.
    pub async fn distributed_with_pushes(to: &PushService) -> Self {
        Self::on(Stack::Distributed, None, Limits::Wide, Outside::Pushes(to)).await
    }

    async fn choose(policy: Option<&Path>, limits: Limits) -> Self {
        Self::on(Stack::chosen(), policy, limits, Outside::Nothing).await
    }

    async fn on(stack: Stack, policy: Option<&Path>, limits: Limits, outside: Outside<'_>) -> Self {
        match stack {
            Stack::Standalone => {
                let folder = tempfile::tempdir().expect("a folder");
                let data = folder.path().join("data");
                Self::embedded(&data, policy, limits, outside).await.keeping(folder)
            }
            Stack::Distributed => Self::deployed(&Servers::shared(), policy, limits, outside).await,
        }
    }

    /// The distributed system, as a deployment of its own on these servers.
    pub async fn distributed(servers: &Servers, policy: Option<&Path>) -> Self {
        Self::deployed(servers, policy, Limits::Wide, Outside::Nothing).await
    }

    /// The same, whose links lead to a site of the test.
    pub async fn distributed_with_site(servers: &Servers, policy: Option<&Path>, site: &Site) -> Self {
        Self::deployed(servers, policy, Limits::Wide, Outside::Site(site)).await
    }

    async fn deployed(
        servers: &Servers,
        policy: Option<&Path>,
        limits: Limits,
        outside: Outside<'_>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let search = StandIn::start().await.expect("a search server");
        let mut variables = deployment(servers, &search, folder.path(), limits);
        variables.extend(outside.variables(Stack::Distributed));
        let operators = Operators { program: "musclemap", arguments: vec![], variables };
        let setup = ["setup", "--partitions", PARTITIONS, "--replicas", "1", "--min-insync", "1"];
        operators.tell(&setup).await.expect("a set-up");
        if let Some(policy) = policy {
            operators.tell(&["policy", "apply", policy.to_str().expect("text")]).await.expect("a policy");
        }
        let starts = roles(folder.path(), &operators.variables);
        let system = Self::run(Stack::Distributed, starts, operators).await.keeping(folder);
        Self { search: Some(search), ..system }
    }

    /// The standalone system on a folder of the test's own.
    pub async fn standalone(data: &Path, policy: Option<&Path>) -> Self {
        Self::embedded(data, policy, Limits::Wide, Outside::Nothing).await
    }

    /// The same, whose messages are translated by a translator of the test.
    pub async fn standalone_with_translator(data: &Path, translator: &Translator) -> Self {
        Self::embedded(data, None, Limits::Wide, Outside::Translator(translator)).await
    }

    async fn embedded(data: &Path, policy: Option<&Path>, limits: Limits, outside: Outside<'_>) -> Self {
        let arguments = vec!["--data-dir".to_owned(), data.display().to_string()];
        let operators = Operators { program: "standalone", arguments, variables: vec![] };
        let mut start = standalone(data, policy, limits);
        start.variables.extend(outside.variables(Stack::Standalone));
        Self::run(Stack::Standalone, vec![start], operators).await
    }

    async fn run(stack: Stack, starts: Vec<Start>, operators: Operators) -> Self {
        let processes = starts.into_iter().map(Process::spawn).collect();
        let mut system =
            Self { stack, processes, turn: AtomicUsize::new(0), operators, search: None, _folder: None };
        system.wait_until_ready().await;
        system
    }

    fn keeping(self, folder: TempDir) -> Self {
        Self { _folder: Some(folder), ..self }
    }

    async fn wait_until_ready(&mut self) {
        join_all(self.processes.iter_mut().map(Process::wait_until_ready)).await;
    }

    /// SIGKILL to every process, and all of them again on the same ports.
    pub async fn kill_and_restart(&mut self) {
        for process in &mut self.processes {
            process.kill().await;
        }
        self.restart().await;
    }

    /// SIGKILL to one process, and again on the same ports.
    pub async fn kill_and_restart_one(&mut self, at: usize) {
        self.processes[at].kill().await;
        self.processes[at].respawn();
        self.processes[at].wait_until_ready().await;
    }

    /// Starts again what has ended by itself, as a supervisor would.
    pub async fn respawn_ended(&mut self) {
        for process in self.processes.iter_mut().filter_map(Process::ended) {
            process.respawn();
        }
        self.wait_until_ready().await;
    }

    /// SIGTERM to every process; says whether each ended with success.
    pub async fn end(&mut self) -> bool {
        join_all(self.processes.iter_mut().map(Process::end)).await.into_iter().all(|success| success)
    }

    /// Starts again, after [`Self::end`].
    pub async fn restart(&mut self) {
        self.processes.iter_mut().for_each(Process::respawn);
        self.wait_until_ready().await;
    }

    /// Processes of a role, by their places.
    pub fn of_role(&self, role: &str) -> Vec<usize> {
        (0..self.processes.len()).filter(|at| self.processes[*at].program() == role).collect()
    }

    /// Goes up, so that whoever takes it as an index takes each in its turn.
    pub fn turn(&self) -> usize {
        self.turn.fetch_add(1, Ordering::Relaxed)
    }

    /// The processes that serve what a role does.
    fn serving(&self, role: &str) -> Vec<&Process> {
        match self.stack {
            Stack::Standalone => self.processes.iter().collect(),
            Stack::Distributed => self.of_role(role).into_iter().map(|at| &self.processes[at]).collect(),
        }
    }

    /// Where requests are sent, at each ingest.
    pub fn urls(&self, path: &str) -> Vec<String> {
        self.serving("ingest").iter().map(|ingest| format!("http://{}{path}", ingest.listen)).collect()
    }

    /// Where an admin asks, at each ingest in its turn.
    pub fn admin_url(&self, path: &str) -> String {
        let ingests = self.serving("ingest");
        format!("http://{}/admin/v1{path}", ingests[self.turn() % ingests.len()].admin)
    }

    /// Where each ingest listens.
    pub fn ingests(&self) -> Vec<SocketAddr> {
        self.serving("ingest").iter().map(|ingest| ingest.listen).collect()
    }

    /// Where requests are sent, each ingest in its turn.
    pub fn url(&self, path: &str) -> String {
        let mut urls = self.urls(path);
        urls.swap_remove(self.turn() % urls.len())
    }

    /// Where sockets are opened, at each node.
    pub fn socket_urls(&self) -> Vec<String> {
        self.serving("fanout").iter().map(|node| format!("ws://{}/graphql", node.listen)).collect()
    }

    /// Where sockets are opened, each node in its turn.
    pub fn socket_url(&self) -> String {
        let mut urls = self.socket_urls();
        urls.swap_remove(self.turn() % urls.len())
    }

    /// What the operators' tool says, or how it complains. Of a standalone system only when it does
    /// not run.
    pub async fn operate(&self, arguments: &[&str]) -> Result<String, String> {
        self.operators.tell(arguments).await
    }

    /// A variable by which the processes know where they stand.
    pub fn variable(&self, name: &str) -> &str {
        let variables = &self.operators.variables;
        variables.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Where a standalone system keeps what it has.
    pub fn data(&self) -> &Path {
        Path::new(self.operators.arguments.last().expect("a standalone system"))
    }
}

/// The program that operators use, told where the system stands.
struct Operators {
    program: &'static str,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
}

impl Operators {
    async fn tell(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(program(self.program));
        command.args(&self.arguments).args(arguments).env("MM_LOG", "error").env("RUST_BACKTRACE", "0");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let output = timeout(PATIENCE, command.kill_on_drop(true).output()).await;
        let output = output.expect("an answer of the operators' tool in time").expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }
}

/// How much clients may ask of a system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limits {
    /// All clients of a test are at one address and in haste.
    Wide,
    Shipped,
}

impl Limits {
    /// Settings for connections, and settings for requests.
    fn variables(self, connections: &str, requests: &str) -> Vec<(String, String)> {
        let wide = [
            (connections, "CONNECTIONS_PER_ADDRESS", "20000"),
            (connections, "REQUESTS_PER_CONNECTION", "1000000"),
            (requests, "ATTEMPTS_PER_USER", PER_MINUTE),
            (requests, "ATTEMPTS_PER_ADDRESS", PER_MINUTE),
            (requests, "LOG_BYTES_PER_USER", PER_MINUTE),
        ];
        match self {
            Self::Wide => {
                wide.map(|(prefix, name, value)| (format!("{prefix}{name}"), value.to_owned())).into()
            }
            Self::Shipped => vec![],
        }
    }
}

fn standalone(data: &Path, policy: Option<&Path>, limits: Limits) -> Start {
    let mut arguments = vec!["--data-dir".to_owned(), data.display().to_string(), "--dev-login".to_owned()];
    if let Some(policy) = policy {
        arguments.extend(["--policy".to_owned(), policy.display().to_string()]);
    }
    let mut variables = limits.variables("MM_", "MM_");
    variables.push(("MM_WEB".to_owned(), WEB.to_owned()));
    Start { program: "standalone", arguments, variables, log: data.with_extension("log") }
}

/// A deployment of its own.
fn deployment(servers: &Servers, search: &StandIn, folder: &Path, limits: Limits) -> Vec<(String, String)> {
    let name = format!("t{}", &Uuid::new_v4().simple().to_string()[..8]);
    let processors = available_parallelism().map_or(1, usize::from);
    let variables = [
        ("MM_KAFKA__BOOTSTRAP", servers.kafka.clone()),
        ("MM_KAFKA__PREFIX", format!("{name}.")),
        ("MM_TABLES__NODES", servers.tables.clone()),
        ("MM_REDIS__ADDRESS", servers.redis.clone()),
        ("MM_REDIS__PREFIX", format!("{name}:")),
        ("MM_TABLES__KEYSPACE", name),
        ("MM_SEARCH__URL", search.url()),
        ("MM_AUTH__DEVELOPMENT_SECRET", "a5".repeat(32)),
        ("MM_AUTH__DEV_LOGIN", "true".to_owned()),
        ("MM_CURSORS__KEY", "5a".repeat(32)),
        ("MM_CONVERSATIONS__KEY", "c3".repeat(32)),
        ("MM_PUSH__VAPID_KEY", "7e".repeat(32)),
        ("MM_WEB__FOLDER", WEB.to_owned()),
        ("MM_FILES__FOLDER", folder.join("files").display().to_string()),
        // Two processes of each role share the processors.
        ("TOKIO_WORKER_THREADS", processors.div_ceil(2).to_string()),
    ];
    let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value));
    variables.chain(limits.variables("MM_HTTP__", "MM_LIMITS__")).collect()
}

fn roles(folder: &Path, variables: &[(String, String)]) -> Vec<Start> {
    let start = |program: &'static str, number: usize| {
        let log: PathBuf = folder.join(format!("{program}-{number}.log"));
        Start { program, arguments: vec![], variables: variables.to_vec(), log }
    };
    ROLES.iter().flat_map(|(role, count)| (0..*count).map(|number| start(role, number))).collect()
}
