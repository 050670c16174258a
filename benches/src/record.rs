//! What a run has found, as a page: which commands, which commit, which machine, which day.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/RESULTS.md");

/// A command and what it has said.
pub struct Section {
    pub command: &'static str,
    pub lines: Vec<String>,
}

struct Circumstances {
    commit: String,
    cores: usize,
    kernel: String,
    date: String,
}

pub async fn write(sections: &[Section]) -> Result<()> {
    let circumstances = Circumstances {
        commit: told("git", &["rev-parse", "--short=12", "HEAD"]).await?,
        cores: std::thread::available_parallelism()?.get(),
        kernel: told("uname", &["-sr"]).await?,
        date: told("date", &["-u", "+%Y-%m-%d %H:%M UTC"]).await?,
    };
    std::fs::write(PAGE, page(&circumstances, sections)).context("RESULTS.md")
}

/// What a program says of where this one stands.
async fn told(program: &str, arguments: &[&str]) -> Result<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(program).args(arguments).current_dir(folder).output().await?;
    ensure!(output.status.success(), "{program} ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn page(circumstances: &Circumstances, sections: &[Section]) -> String {
    let Circumstances { commit, cores, kernel, date } = circumstances;
    let mut page = format!(
        "# What the benchmarks found\n\n\
         Commit {commit}, {date}; {cores} cores, {kernel}. Written by `make bench WRITE=--write`.\n\
         Node, loop and clients share these cores; each ratio is of one run.\n"
    );
    for Section { command, lines } in sections {
        page.push_str(&format!("\n## `benches {command}`\n\n"));
        lines.iter().for_each(|line| page.push_str(&format!("- {line}\n")));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_its_figures_come_from() {
        let circumstances = Circumstances {
            commit: "abc".to_owned(),
            cores: 2,
            kernel: "Linux 6.1".to_owned(),
            date: "2026-01-02 03:04 UTC".to_owned(),
        };
        let sections = [Section { command: "idle", lines: vec!["idle: nothing".to_owned()] }];
        let page = page(&circumstances, &sections);
        assert!(page.contains("Commit abc, 2026-01-02 03:04 UTC; 2 cores, Linux 6.1."));
        assert!(page.ends_with("## `benches idle`\n\n- idle: nothing\n"));
    }
}
