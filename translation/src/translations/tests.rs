//! Translations of one text, asked for by many.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::future::join_all;
use platform::clock::Clock;
use platform::in_process::InProcess;
use schemas::position::LogTime;
use tokio::time::sleep;

use super::*;

/// Wide enough for every test but that of the budget.
const WIDE: Limit = Limit { count: 100, seconds: 86_400 };
const TEXT: &str = "see `code` and @ann";

/// Words become those of another language by a sign before each; marks stay, unless they are lost.
#[derive(Default)]
struct Provider {
    asked: AtomicUsize,
    loses_marks: AtomicBool,
    is_away: AtomicBool,
    is_silent: AtomicBool,
}

#[async_trait]
impl Translator for Provider {
    async fn translate(
        &self,
        texts: &[&str],
        _: Option<Language>,
        to: Language,
    ) -> Result<Vec<String>, ProviderError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        sleep(Duration::from_millis(200)).await;
        if self.is_silent.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        if self.is_away.load(Ordering::Relaxed) {
            return Err(ProviderError::Away("away".to_owned()));
        }
        let loses_marks = self.loses_marks.load(Ordering::Relaxed);
        let word = |word: &str| {
            if word.starts_with("[[") { word.to_owned() } else { format!("{}:{word}", to.code()) }
        };
        let translated = |text: &&str| {
            let words = text.split(' ').filter(|word| !loses_marks || !word.starts_with("[["));
            words.map(word).collect::<Vec<_>>().join(" ")
        };
        Ok(texts.iter().map(translated).collect())
    }
}

/// The clock of the runtime.
struct Paused;

#[async_trait]
impl Clock for Paused {
    fn now(&self) -> LogTime {
        86_400_000 - 1_000
    }

    async fn sleep(&self, time: Duration) {
        sleep(time).await;
    }
}

/// Two processes over the same ephemeral state.
fn processes(provider: &Arc<Provider>) -> [Translations; 2] {
    let shared = Arc::new(InProcess::default());
    [(); 2].map(|()| {
        Translations::new(provider.clone(), Duration::from_secs(5), shared.clone(), Arc::new(Paused))
    })
}

fn version(edits: i32) -> Version {
    Version { conversation: "0".repeat(32).parse().unwrap(), seq: 7, edits }
}

fn wanted(edits: i32, to: Language) -> Wanted<'static> {
    Wanted { of: version(edits), text: TEXT, kept: vec![4..10, 15..19], from: None, to }
}

fn user(name: &str) -> UserId {
    name.parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn one_request_is_made_for_many_who_ask_and_stands_until_the_next_version() {
    let provider = Arc::<Provider>::default();
    let processes = processes(&provider);
    let german = wanted(0, Language::German);
    let users: Vec<UserId> = (0..20).map(|number| user(&format!("u{number}"))).collect();
    let asking = users.iter().enumerate().map(|(at, user)| processes[at % 2].translate(&german, user, &WIDE));
    for answer in join_all(asking).await {
        assert_eq!(answer.unwrap().content, "de:see `code` de:and @ann");
    }
    assert_eq!(provider.asked.load(Ordering::Relaxed), 1);
    let french = processes[1].translate(&wanted(0, Language::French), &users[0], &WIDE).await.unwrap();
    assert_eq!(french.content, "fr:see `code` fr:and @ann");
    let known = processes[0].known(&[version(1), version(0)]).await.unwrap();
    let languages: Vec<Vec<Language>> =
        known.iter().map(|all| all.iter().map(|one| one.language).collect()).collect();
    assert_eq!(languages, [vec![], vec![Language::French, Language::German]], "an edit has none");
    assert_eq!(provider.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn lost_marks_cost_a_second_request_and_no_piece() {
    let provider = Arc::<Provider>::default();
    provider.loses_marks.store(true, Ordering::Relaxed);
    let [process, _] = processes(&provider);
    let answer = process.translate(&wanted(0, Language::German), &user("ann"), &WIDE).await.unwrap();
    assert_eq!(answer.content, "de:see `code` de:and @ann");
    assert_eq!(provider.asked.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn what_has_no_words_is_its_own_translation() {
    let provider = Arc::<Provider>::default();
    let [process, _] = processes(&provider);
    let wanted = Wanted {
        text: "12:30 `code`",
        kept: std::iter::once(6..12).collect(),
        ..wanted(0, Language::German)
    };
    let answer = process.translate(&wanted, &user("ann"), &WIDE).await.unwrap();
    assert_eq!((answer.content.as_str(), provider.asked.load(Ordering::Relaxed)), ("12:30 `code`", 0));
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shared_for_a_moment_and_asked_again_after_it() {
    let provider = Arc::<Provider>::default();
    let processes = processes(&provider);
    provider.is_away.store(true, Ordering::Relaxed);
    let (german, ann) = (wanted(0, Language::German), user("ann"));
    let asking = (0..10).map(|at| processes[at % 2].translate(&german, &ann, &WIDE));
    assert!(join_all(asking).await.iter().all(|answer| matches!(answer, Err(Failure::Provider))));
    assert_eq!(provider.asked.load(Ordering::Relaxed), 1);
    assert_eq!(processes[0].known(&[version(0)]).await.unwrap(), [vec![]]);
    provider.is_away.store(false, Ordering::Relaxed);
    sleep(Duration::from_secs(3)).await;
    assert!(processes[1].translate(&german, &ann, &WIDE).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_silent_is_waited_for_no_longer_than_a_message_may_take() {
    let provider = Arc::<Provider>::default();
    let processes = processes(&provider);
    provider.is_silent.store(true, Ordering::Relaxed);
    let (german, ann, began) = (wanted(0, Language::German), user("ann"), Instant::now());
    let asking = processes.iter().map(|process| process.translate(&german, &ann, &WIDE));
    assert!(join_all(asking).await.iter().all(Result::is_err));
    assert!(began.elapsed() <= Duration::from_millis(5_100), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_user_has_a_budget_and_what_is_known_costs_none_of_it() {
    let provider = Arc::<Provider>::default();
    let processes = processes(&provider);
    let limit = Limit { count: 2, seconds: 86_400 };
    let ask = async |edits: i32, name: &str, at: usize| {
        processes[at].translate(&wanted(edits, Language::German), &user(name), &limit).await
    };
    for edits in [0, 1, 0, 1] {
        assert!(ask(edits, "ann", edits as usize).await.is_ok());
    }
    let refused = ask(2, "ann", 0).await.unwrap_err();
    let Failure::Limited(full) = refused else { panic!("{refused}") };
    assert_eq!(full.retry_after_ms, 1_000, "until midnight");
    assert!(ask(2, "bob", 1).await.is_ok(), "another user");
    assert!(ask(2, "ann", 0).await.is_ok(), "what is known by now");
    assert_eq!(provider.asked.load(Ordering::Relaxed), 3);
}
