//! Roles that the platform's token gives to a user.
//!
//! Invariant: a right over others' data is a value that only a role gives out.

use schemas::moderation::{ServiceRole, UnknownRole};
use schemas::{ErrorCode, Refusal};

/// What a user is to the service. A role that is not known gives no right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Roles {
    pub moderator: bool,
    pub admin: bool,
}

/// The right to read what moderators of the service may read, which no membership limits.
#[derive(Debug, Clone, Copy)]
pub struct Moderation(());

impl Roles {
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut roles = Self::default();
        for name in names {
            match name.parse() {
                Ok(ServiceRole::Moderator) => roles.moderator = true,
                Ok(ServiceRole::Admin) => roles.admin = true,
                Err(UnknownRole) => {}
            }
        }
        roles
    }

    /// Those that a user has, as commands name them.
    pub fn held(self) -> Vec<ServiceRole> {
        let held = [(self.moderator, ServiceRole::Moderator), (self.admin, ServiceRole::Admin)];
        held.into_iter().filter(|(has, _)| *has).map(|(_, role)| role).collect()
    }

    /// The right of moderators and admins; FORBIDDEN for others.
    pub fn moderation(self) -> Result<Moderation, Refusal> {
        if self.moderator || self.admin {
            return Ok(Moderation(()));
        }
        Err(Refusal::new(ErrorCode::Forbidden, "only moderators of the service may do this"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_roles_that_are_known_give_the_right_to_moderate() {
        for (names, may) in [
            (&[][..], false),
            (&["coach", "Moderator", "moderators"], false),
            (&["moderator"], true),
            (&["coach", "admin"], true),
        ] {
            assert_eq!(Roles::named(names.iter().copied()).moderation().is_ok(), may, "{names:?}");
        }
    }
}
