//! A user who types, as others see it.

use async_graphql::{ID, SimpleObject};
use awareness::typing::Typing;

#[derive(SimpleObject)]
pub struct TypingIndicator {
    user_id: ID,
    username: String,
    avatar_url: Option<String>,
    is_typing: bool,
}

impl From<&Typing> for TypingIndicator {
    fn from(typing: &Typing) -> Self {
        Self {
            user_id: typing.by.user.as_str().into(),
            username: typing.by.username.clone(),
            avatar_url: typing.by.avatar_url.clone(),
            is_typing: typing.is_typing,
        }
    }
}
