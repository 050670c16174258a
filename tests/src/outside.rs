//! What a system of a test meets outside of itself, and how it is told where that is.

use crate::push_service::PushService;
use crate::site::Site;
use crate::system::Stack;
use crate::translator::Translator;

/// What a system meets outside, where it may choose no address of a test by itself.
#[derive(Clone, Copy)]
pub enum Outside<'a> {
    Nothing,
    Pushes(&'a PushService),
    Site(&'a Site),
    /// The provider of this name is a site.
    Gifs(&'a str, &'a Site),
    Translator(&'a Translator),
}

impl Outside<'_> {
    /// What a system is told of it, by its environment.
    pub fn variables(self, stack: Stack) -> Vec<(String, String)> {
        match (self, stack) {
            (Self::Nothing, _) => vec![],
            (Self::Pushes(to), Stack::Standalone) => {
                to.variables("MM_PUSH_").into_iter().chain(to.fcm("MM_PUSH_FCM_", true)).collect()
            }
            (Self::Pushes(to), Stack::Distributed) => {
                let sites = to.variables("MM_PUSH__DEVELOPMENT_").into_iter();
                sites.chain(to.fcm("MM_PUSH__FCM_", false)).collect()
            }
            (Self::Site(to), Stack::Standalone) => to.variables("MM_PREVIEW_"),
            (Self::Site(to), Stack::Distributed) => to.variables("MM_PREVIEWS__DEVELOPMENT_"),
            (Self::Gifs(name, to), Stack::Standalone) => to.as_provider(name, "MM_GIFS_", ""),
            (Self::Gifs(name, to), Stack::Distributed) => to.as_provider(name, "MM_GIFS__", "DEVELOPMENT_"),
            (Self::Translator(to), Stack::Standalone) => to.variables("MM_TRANSLATION_"),
            (Self::Translator(to), Stack::Distributed) => to.variables("MM_TRANSLATION__"),
        }
    }
}
