//! Members in processes of their own, which can be killed or stopped.
//!
//! A member is this test program, started again for one test that does nothing without the variable
//! that names its group. It says on its output what it was told.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use platform::ports::{Log, MembershipChange};
use schemas::topics::ACCOUNT_COMMANDS;
use tokio::sync::mpsc;

use super::connect;

const GROUP: &str = "KAFKA_MEMBER_GROUP";
/// Before every line that says something, as the test program says other things too.
const MARK: &str = "@";
/// More changes than any test makes.
const LINES: usize = 256;

pub struct Process {
    child: Child,
    /// What it was told, in words.
    pub told: mpsc::Receiver<String>,
}

impl Process {
    pub fn start(group: &str) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .args(["--exact", "members::a_member_says_what_it_is_told", "--nocapture"])
            .env(GROUP, group)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a member");
        let (tell, told) = mpsc::channel(LINES);
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, change)) = line.split_once(MARK)
                    && tell.blocking_send(change.to_owned()).is_err()
                {
                    return;
                }
            }
        });
        Self { child, told }
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("a kill");
        self.child.wait().expect("its end");
    }

    /// Stops or continues it: `STOP`, `CONT`.
    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let ended = Command::new("kill").args(["-s", signal, &pid]).status().expect("kill");
        assert!(ended.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lives until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_says_what_it_is_told() {
    let Ok(group) = std::env::var(GROUP) else {
        return;
    };
    let log = connect().await;
    let mut member = log.join(&group, &ACCOUNT_COMMANDS).await.expect("a membership");
    say("").expect("output");
    loop {
        let change = member.next().await.expect("a change");
        let committed = match &change {
            MembershipChange::Revoked(_) => {
                member.released().await.expect("released");
                true
            }
            MembershipChange::Assigned(_) => true,
            MembershipChange::Lost(lost) => member.commit(lost[0], 0).await.is_ok(),
        };
        say(&format!("{MARK}{change:?} {committed}")).expect("output");
    }
}

/// Without the capture of the test program, and whole lines only.
fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
