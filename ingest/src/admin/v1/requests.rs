//! Requests of the admin API: their bodies, and what each appends.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use graphql::problem::Problem;
use jiff::Timestamp;
use schemas::avro::Record;
use schemas::credits::GrantCredits;
use schemas::operations::MarkStickerPack;
use schemas::people::{PlatformBan, PlatformRevocation, PlatformUser};
use schemas::topics::{PLATFORM_BANS, PLATFORM_REVOCATIONS, PLATFORM_USERS, Topic};
use schemas::{ErrorCode, PackId, Refusal, UserId};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::Platform;
use super::checks::{self, MAX_GRANT_MILLI};
use super::description::Refused;
use crate::Asked;

/// The part of a path that names a user.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct Id {
    #[param(pattern = "^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
    id: String,
}

/// The user that a path names.
pub struct Named(UserId);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(Id { id }) = Path::from_request_parts(parts, state).await.map_err(malformed_path)?;
        checks::begins_plainly("id", &id).map_err(bad_input)?;
        let wanted = |_| bad_input(Refusal::bad_input("id", "1 to 64 letters, digits, dots, dashes, colons"));
        id.parse().map(Self).map_err(wanted)
    }
}

fn malformed_path(rejection: PathRejection) -> Problem {
    Problem::new(rejection.status(), rejection.body_text())
}

fn bad_input(refusal: Refusal) -> Problem {
    Problem::of(StatusCode::BAD_REQUEST, refusal)
}

type Body<T> = Result<Json<T>, JsonRejection>;

fn body<T>(body: Body<T>) -> Result<T, Problem> {
    body.map(|Json(body)| body).map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))
}

/// A user as of now. What is absent is unknown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct User {
    /// Others mention the user by it.
    #[schema(max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]*\w[^\x00-\x1f\x7f-\x9f]*$")]
    username: String,
    #[schema(max_length = 100, pattern = r"^[^\x00-\x1f\x7f-\x9f]*\w[^\x00-\x1f\x7f-\x9f]*$")]
    display_name: String,
    #[schema(pattern = r"^https://[!-~]{1,1990}$")]
    avatar_url: Option<String>,
    /// Private: no answer contains this field or those below.
    #[schema(pattern = r"^[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,189}$")]
    email: Option<String>,
    /// BCP 47.
    #[schema(pattern = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$")]
    locale: Option<String>,
    /// Feature flags may select users by it.
    #[schema(pattern = r"^[a-z0-9_-]{1,32}$")]
    tier: Option<String>,
}

/// Says what a user is from now on.
#[utoipa::path(
    put,
    path = "/admin/v1/users/{id}",
    params(Id),
    request_body = User,
    responses((status = NO_CONTENT, description = "It is in the log."), Refused),
    security(("token" = []))
)]
pub async fn put_user(
    State(platform): State<Platform>,
    Named(user): Named,
    said: Body<User>,
) -> Result<StatusCode, Problem> {
    let User { username, display_name, avatar_url, email, locale, tier } = body(said)?;
    let fits = checks::name("username", &username)
        .and_then(|()| checks::name("displayName", &display_name))
        .and_then(|()| avatar_url.as_deref().map_or(Ok(()), checks::url))
        .and_then(|()| email.as_deref().map_or(Ok(()), checks::email))
        .and_then(|()| locale.as_deref().map_or(Ok(()), checks::locale))
        .and_then(|()| tier.as_deref().map_or(Ok(()), checks::tier));
    fits.map_err(bad_input)?;
    if platform.authenticator.standings().is_erased(&user) {
        return Err(Problem::new(StatusCode::CONFLICT, "the user is erased, for good"));
    }
    let value = PlatformUser { user: user.clone(), username, display_name, avatar_url, email, locale, tier };
    platform.say(&PLATFORM_USERS, &user, Some(&value)).await
}

/// Erases a user, for good: they are served no more, and are shown as a deleted user.
#[utoipa::path(
    delete,
    path = "/admin/v1/users/{id}",
    params(Id),
    responses((status = NO_CONTENT, description = "It is in the log."), Refused),
    security(("token" = []))
)]
pub async fn erase_user(State(platform): State<Platform>, Named(user): Named) -> Result<StatusCode, Problem> {
    platform.say::<PlatformUser>(&PLATFORM_USERS, &user, None).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ban {
    /// Absent for good.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
}

/// Bans a user: requests are refused, and sockets close within 5 s.
#[utoipa::path(
    put,
    path = "/admin/v1/users/{id}/ban",
    params(Id),
    request_body = Ban,
    responses((status = NO_CONTENT, description = "It is in the log."), Refused),
    security(("token" = []))
)]
pub async fn put_ban(
    State(platform): State<Platform>,
    Named(user): Named,
    said: Body<Ban>,
) -> Result<StatusCode, Problem> {
    let until = body(said)?.until.map(Timestamp::as_millisecond);
    let value = PlatformBan { user: user.clone(), until };
    platform.say(&PLATFORM_BANS, &user, Some(&value)).await
}

/// Lifts a ban.
#[utoipa::path(
    delete,
    path = "/admin/v1/users/{id}/ban",
    params(Id),
    responses((status = NO_CONTENT, description = "It is in the log."), Refused),
    security(("token" = []))
)]
pub async fn lift_ban(State(platform): State<Platform>, Named(user): Named) -> Result<StatusCode, Problem> {
    platform.say::<PlatformBan>(&PLATFORM_BANS, &user, None).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Revocation {
    /// Tokens that were issued earlier end.
    #[schema(value_type = String, format = DateTime)]
    not_before: Timestamp,
}

/// Revokes tokens of a user; sockets that were opened with them close within 5 s.
#[utoipa::path(
    put,
    path = "/admin/v1/users/{id}/revocation",
    params(Id),
    request_body = Revocation,
    responses((status = NO_CONTENT, description = "It is in the log."), Refused),
    security(("token" = []))
)]
pub async fn put_revocation(
    State(platform): State<Platform>,
    Named(user): Named,
    said: Body<Revocation>,
) -> Result<StatusCode, Problem> {
    let not_before = body(said)?.not_before.as_millisecond();
    let value = PlatformRevocation { user: user.clone(), not_before };
    platform.say(&PLATFORM_REVOCATIONS, &user, Some(&value)).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Grant {
    /// Thousandths of a credit.
    #[schema(minimum = 1, maximum = 2_000_000_000)]
    amount_milli: i64,
}

/// Grants credits. A second grant under a key of the same user changes nothing.
#[utoipa::path(
    put,
    path = "/admin/v1/users/{id}/grants/{key}",
    params(Id, ("key" = String, Path, pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")),
    request_body = Grant,
    responses((status = NO_CONTENT, description = "The user has the credits."), Refused),
    security(("token" = []))
)]
pub async fn put_grant(
    State(platform): State<Platform>,
    path: Result<Path<(String, String)>, PathRejection>,
    Named(user): Named,
    said: Body<Grant>,
) -> Result<StatusCode, Problem> {
    let Path((_, key)) = path.map_err(malformed_path)?;
    checks::key(&key).map_err(bad_input)?;
    let Grant { amount_milli } = body(said)?;
    if !(1..=MAX_GRANT_MILLI).contains(&amount_milli) {
        return Err(bad_input(Refusal::bad_input("amountMilli", "1 to 2000000000")));
    }
    let grant = GrantCredits { once: format!("admin:{key}"), amount_milli };
    platform.ingest.run_on_account(Asked::direct(&user), grant.into()).await.map_err(problem)?;
    Ok(StatusCode::NO_CONTENT)
}

/// The part of a path that names a pack of stickers.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct Pack {
    #[param(pattern = "^[0-9a-f]{32}$")]
    id: String,
}

/// Marks a public pack of stickers as official.
#[utoipa::path(
    put,
    path = "/admin/v1/sticker-packs/{id}/official",
    params(Pack),
    responses((status = NO_CONTENT, description = "The pack is official."), Refused),
    security(("token" = []))
)]
pub async fn put_official(
    State(platform): State<Platform>,
    path: Result<Path<Pack>, PathRejection>,
) -> Result<StatusCode, Problem> {
    platform.mark_pack(path, true).await
}

/// Takes the mark from a pack of stickers.
#[utoipa::path(
    delete,
    path = "/admin/v1/sticker-packs/{id}/official",
    params(Pack),
    responses((status = NO_CONTENT, description = "The pack is not official."), Refused),
    security(("token" = []))
)]
pub async fn take_official(
    State(platform): State<Platform>,
    path: Result<Path<Pack>, PathRejection>,
) -> Result<StatusCode, Problem> {
    platform.mark_pack(path, false).await
}

impl Platform {
    /// Asks the account of a pack's creator to mark it, or to take its mark.
    async fn mark_pack(
        &self,
        path: Result<Path<Pack>, PathRejection>,
        is_official: bool,
    ) -> Result<StatusCode, Problem> {
        let Path(Pack { id }) = path.map_err(malformed_path)?;
        let wanted = |_| bad_input(Refusal::bad_input("id", "32 hexadecimal digits in lower case"));
        let pack: PackId = id.parse().map_err(wanted)?;
        let found = self.ingest.rows.sticker_pack(&pack).await.map_err(problem)?;
        let creator = found.ok_or_else(|| problem(Refusal::not_found()))?.creator;
        let mark = MarkStickerPack { pack, is_official };
        self.ingest.run_on_account(Asked::direct(&creator), mark.into()).await.map_err(problem)?;
        Ok(StatusCode::NO_CONTENT)
    }

    /// Publishes what a request says of a user; the answer has no content.
    async fn say<T: Record>(
        &self,
        topic: &'static Topic,
        user: &UserId,
        value: Option<&T>,
    ) -> Result<StatusCode, Problem> {
        self.ingest.publish(topic, user, value).await.map_err(problem)?;
        Ok(StatusCode::NO_CONTENT)
    }
}

/// A refusal as the status that an HTTP client acts on. The input was checked before.
fn problem(refusal: Refusal) -> Problem {
    let status = match refusal.code {
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::BadUserInput => StatusCode::CONFLICT,
        ErrorCode::OutcomePending => StatusCode::GATEWAY_TIMEOUT,
        ErrorCode::InternalServerError => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    Problem::of(status, refusal)
}
