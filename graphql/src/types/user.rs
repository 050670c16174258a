//! People.

use async_graphql::{ID, Object, SimpleObject};
use schemas::people::Profile;

use crate::paging::PageInfo;

pub struct User(pub Profile);

#[Object]
impl User {
    async fn id(&self) -> ID {
        self.0.user.as_str().into()
    }

    async fn username(&self) -> &str {
        &self.0.username
    }

    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    async fn avatar_url(&self) -> Option<&str> {
        self.0.avatar_url.as_deref()
    }
}

#[derive(SimpleObject)]
pub struct UserConnection {
    pub nodes: Vec<User>,
    pub page_info: PageInfo,
}
