//! Rules for pages: what they link to exists, decisions have all their parts.

use std::path::Path;

use crate::tree::File;

/// What a decision says, in this order.
pub const PARTS: [&str; 4] = ["Context", "Decision", "Rejected", "Price"];

/// Relative links of a page whose targets do not exist under `root`.
pub fn broken_links(page: &File, root: &Path) -> Vec<String> {
    let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
    let is_gone = |target: &&str| !root.join(folder).join(target).exists();
    links(&page.text).filter(is_gone).map(|target| format!("{}: {target}", page.path)).collect()
}

/// Targets of `[text](target)` outside of code, without what follows `#`; those with a scheme and
/// those within the page are left out.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    let prose = text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    let targets = prose.flat_map(|line| line.split("](").skip(1)).filter_map(|rest| rest.split(')').next());
    let files = targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"));
    files.map(|target| target.split('#').next().unwrap_or_default()).filter(|target| !target.is_empty())
}

/// Files and folders in backticks that do not exist under `root`: what has a known extension or ends
/// with a slash, and no placeholder.
pub fn missing_files(page: &File, root: &Path) -> Vec<String> {
    let named = page.text.split('`').skip(1).step_by(2);
    let is_file = |name: &&str| {
        let is_path = name.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
        is_path
            && name.contains('/')
            && !name.starts_with('/')
            && (name.ends_with(".rs") || name.ends_with('/'))
    };
    named
        .filter(is_file)
        .filter(|name| !root.join(name).exists())
        .map(|name| format!("{}: {name}", page.path))
        .collect()
}

/// What a page of decisions lacks: a title with its number, and the four parts of each decision.
pub fn check_decision(page: &File) -> Vec<String> {
    let name = page.path.rsplit('/').next().unwrap_or_default();
    let number = name.split('-').next().unwrap_or_default();
    let mut wrong = Vec::new();
    if !page.text.starts_with(&format!("# {number}. ")) {
        wrong.push(format!("{}: the title does not begin with `# {number}. `", page.path));
    }
    let decisions: Vec<&str> = page.text.split("\n## ").skip(1).collect();
    if decisions.is_empty() {
        wrong.push(format!("{}: no decision", page.path));
    }
    for decision in decisions {
        let title = decision.lines().next().unwrap_or_default();
        let parts: Vec<&str> = decision
            .lines()
            .filter_map(|line| line.strip_prefix("**")?.split_once(".**").map(|(part, _)| part))
            .collect();
        if parts != PARTS {
            wrong.push(format!("{}: {title}: {parts:?} instead of {PARTS:?}", page.path));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::root;

    #[test]
    fn finds_links_to_nothing() {
        let text = "[a](../Cargo.toml) [b](gone.md#part) [c](#part) [d](https://e.example/f)\n\
                    ```\n[g](code.md)\n```\n[h](gone/README.md)";
        assert_eq!(
            broken_links(&File::new("docs/page.md", text), &root()),
            ["docs/page.md: gone.md", "docs/page.md: gone/README.md"]
        );
    }

    #[test]
    fn finds_names_of_missing_files() {
        let text = "`tests/tidy/src/lib.rs` `tests/gone.rs` `gone/` `domain/<machine>/x.rs` `/gone/` `a::b`";
        let page = File::new("page.md", &text.replace("`gone/`", "`no/such/`"));
        assert_eq!(missing_files(&page, &root()), ["page.md: tests/gone.rs", "page.md: no/such/"]);
    }

    #[test]
    fn finds_what_a_decision_lacks() {
        let whole =
            "# 0001. T\n\n## A\n\n**Context.** c\n\n**Decision.** d\n\n**Rejected.** r\n\n**Price.** p\n";
        assert_eq!(check_decision(&File::new("docs/adr/0001-t.md", whole)), Vec::<String>::new());
        for (text, count) in [
            (whole.replace("0001", "0002"), 1),
            (whole.replace("**Price.** p\n", ""), 1),
            (whole.replace("## A", "A"), 1),
        ] {
            assert_eq!(check_decision(&File::new("docs/adr/0001-t.md", &text)).len(), count, "{text}");
        }
    }
}
