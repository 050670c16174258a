//! Which features the viewer has.

use async_graphql::{Context, SimpleObject};
use domain::features;
use futures::future::try_join;
use schemas::flags::Flag;

use crate::{Result, reads, viewer};

#[derive(SimpleObject)]
pub struct FeatureFlag {
    key: &'static str,
    enabled: bool,
}

/// Every flag. Without a policy none is on.
pub async fn feature_flags(ctx: &Context<'_>) -> Result<Vec<FeatureFlag>> {
    let (reads, viewer) = (reads(ctx)?, viewer(ctx)?);
    let (policy, tier) = try_join(reads.policy(), reads.tier(viewer)).await?;
    let is_on = |flag| {
        policy.as_ref().is_some_and(|policy| features::is_on(policy, flag, &viewer.user, tier.as_ref()))
    };
    Ok(Flag::ALL.iter().map(|flag| FeatureFlag { key: flag.key(), enabled: is_on(*flag) }).collect())
}
