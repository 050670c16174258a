//! LibreTranslate: <https://docs.libretranslate.com/api/operations/translate/>.

use async_trait::async_trait;
use domain::languages::Language;
use platform::config::Secret;
use serde::{Deserialize, Serialize};

use super::{ProviderError, Translator, checked};
use crate::http::Http;

pub struct LibreTranslate {
    http: Http,
    key: Secret,
}

#[derive(Serialize)]
struct Asked<'a> {
    q: &'a [&'a str],
    source: &'a str,
    target: &'a str,
    format: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_key: Option<&'a str>,
}

#[derive(Deserialize)]
struct Answered {
    #[serde(rename = "translatedText")]
    translated: Vec<String>,
}

impl LibreTranslate {
    pub fn new(http: Http, key: Secret) -> Self {
        Self { http, key }
    }
}

#[async_trait]
impl Translator for LibreTranslate {
    async fn translate(
        &self,
        texts: &[&str],
        from: Option<Language>,
        to: Language,
    ) -> Result<Vec<String>, ProviderError> {
        let asked = Asked {
            q: texts,
            source: from.map_or("auto", Language::code),
            target: to.code(),
            format: "text",
            api_key: self.key.expose(),
        };
        let answered: Answered = self.http.post("translate", None, &asked).await?;
        checked(answered.translated, texts)
    }
}
