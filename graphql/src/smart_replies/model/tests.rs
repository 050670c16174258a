//! A model with one answer, which counts how often it is asked.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::future::join_all;
use platform::in_process::InProcess;
use platform::ports::CompletionError;

use super::*;

struct Scripted {
    answer: Result<String, CompletionError>,
    asked: AtomicUsize,
}

impl Scripted {
    fn with(answer: Result<&str, CompletionError>) -> Arc<Self> {
        Arc::new(Self { answer: answer.map(str::to_owned), asked: AtomicUsize::new(0) })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Completions for Scripted {
    async fn complete(&self, prompt: Prompt<'_>) -> Result<String, CompletionError> {
        assert_eq!(prompt.text, "Hi");
        self.asked.fetch_add(1, Ordering::Relaxed);
        tokio::task::yield_now().await;
        self.answer.clone()
    }
}

fn wanted(edits: i32, locale: &str) -> Wanted {
    let message = format!("{:032x}-{:012}", 1, 1).parse().unwrap();
    Wanted::of(message, edits, locale)
}

#[tokio::test]
async fn all_who_ask_of_one_version_in_one_language_cause_one_request_in_all_processes() {
    let (model, shared) = (Scripted::with(Ok(r#"["Hey"]"#)), Arc::new(InProcess::default()));
    let one = Model::new(model.clone(), shared.clone());
    let answers = join_all((0..10).map(|_| one.replies(wanted(0, "en-GB"), "Hi"))).await;
    assert!(answers.iter().all(|answer| *answer == Some(vec!["Hey".to_owned()])));
    assert_eq!(model.asked(), 1);
    let other = Model::new(model.clone(), shared);
    other.replies(wanted(0, "en"), "Hi").await.unwrap();
    assert_eq!(model.asked(), 1, "another process");
    other.replies(wanted(1, "en"), "Hi").await.unwrap();
    other.replies(wanted(1, "de"), "Hi").await.unwrap();
    assert_eq!(model.asked(), 3, "another version, another language");
}

#[tokio::test]
async fn a_model_that_fails_is_not_asked_about_the_same_again() {
    for answer in [Err(CompletionError::Unavailable("x".to_owned())), Ok("no idea")] {
        let model = Scripted::with(answer);
        let asker = Model::new(model.clone(), Arc::new(InProcess::default()));
        for _ in 0..3 {
            assert_eq!(asker.replies(wanted(0, "en"), "Hi").await, None);
        }
        assert_eq!(model.asked(), 1);
    }
}

#[test]
fn of_an_answer_a_few_short_lines_of_plain_text_are_kept() {
    let long = format!("[\"{}\", \"ok\"]", "x".repeat(LONGEST_ANSWER + 1));
    for (answered, kept) in [
        (r#"["a", "b", "c", "d"]"#, Some(vec!["a", "b", "c"])),
        ("Sure:\n```json\n[\" a \", \"a\"]\n```", Some(vec!["a"])),
        (r#"["a\u202eb", "two\nlines", " ", "\u200b"]"#, Some(vec!["ab"])),
        (long.as_str(), Some(vec!["ok"])),
        ("[]", Some(vec![])),
        (r#"[" "]"#, None),
        ("[1, 2]", None),
        ("]a[", None),
        ("", None),
    ] {
        let kept = kept.map(|kept| kept.into_iter().map(str::to_owned).collect::<Vec<String>>());
        assert_eq!(read(answered), kept, "{answered}");
    }
}
