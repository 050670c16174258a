//! Another process of this program, which is asked by a line of JSON and answers with one.
//!
//! Invariants: one question at a time, each with a deadline; the child ends with whoever started it,
//! as its standard input ends then.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// How long an answer may take, and the end of a child that is told to end.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Child {
    process: tokio::process::Child,
    questions: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Child {
    /// Starts this program with other arguments.
    pub fn start(arguments: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        // It is slow on purpose in some benchmarks, and would tell so for each client.
        command.env("MM_LOG", "error");
        let mut process = command.spawn()?;
        let questions = process.stdin.take().context("standard input")?;
        let answers = BufReader::new(process.stdout.take().context("standard output")?).lines();
        Ok(Self { process, questions, answers })
    }

    pub fn pid(&self) -> Result<u32> {
        self.process.id().context("the child has ended")
    }

    pub async fn ask<A: DeserializeOwned>(&mut self, question: &impl Serialize) -> Result<A> {
        let mut line = serde_json::to_string(question)?;
        line.push('\n');
        let answer = async {
            self.questions.write_all(line.as_bytes()).await?;
            self.answers.next_line().await
        };
        let answer = timeout(PATIENCE, answer).await.with_context(|| format!("no answer to {line}"))??;
        let answer: Result<A, String> = serde_json::from_str(&answer.context("the child has ended")?)?;
        answer.map_err(|error| anyhow!("{} {error}", line.trim()))
    }

    /// Tells the child to end, and waits until it has.
    pub async fn end(self) -> Result<()> {
        let Self { mut process, questions, answers: _answers } = self;
        drop(questions);
        let status = timeout(PATIENCE, process.wait()).await.context("the child does not end")??;
        ensure!(status.success(), "the child ended with {status}");
        Ok(())
    }
}
