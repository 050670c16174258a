//! DeepL: <https://developers.deepl.com/api-reference/translate>.

use async_trait::async_trait;
use domain::languages::Language;
use platform::config::Secret;
use serde::{Deserialize, Serialize};

use super::{ProviderError, Translator, checked};
use crate::http::Http;

pub struct DeepL {
    http: Http,
    key: Secret,
}

#[derive(Serialize)]
struct Asked<'a> {
    text: &'a [&'a str],
    target_lang: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_lang: Option<String>,
}

#[derive(Deserialize)]
struct Answered {
    translations: Vec<Translated>,
}

#[derive(Deserialize)]
struct Translated {
    text: String,
}

impl DeepL {
    pub fn new(http: Http, key: Secret) -> Self {
        Self { http, key }
    }
}

/// A target needs a variant where a language has several.
fn target(language: Language) -> &'static str {
    match language {
        Language::English => "EN-US",
        Language::Spanish => "ES",
        Language::French => "FR",
        Language::German => "DE",
        Language::Portuguese => "PT-BR",
        Language::Chinese => "ZH-HANS",
        Language::Japanese => "JA",
        Language::Korean => "KO",
    }
}

#[async_trait]
impl Translator for DeepL {
    async fn translate(
        &self,
        texts: &[&str],
        from: Option<Language>,
        to: Language,
    ) -> Result<Vec<String>, ProviderError> {
        let source_lang = from.map(|language| language.code().to_ascii_uppercase());
        let asked = Asked { text: texts, target_lang: target(to), source_lang };
        let authorization = self.key.expose().map(|key| format!("DeepL-Auth-Key {key}"));
        let answered: Answered = self.http.post("v2/translate", authorization.as_deref(), &asked).await?;
        checked(answered.translations.into_iter().map(|one| one.text).collect(), texts)
    }
}
