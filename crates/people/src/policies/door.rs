//! Policies at the door: who showed who they are and is kept out all the same is written down.

use kairan_core::{Actor, MemberId, Refusal};
use kairan_http::ClientInfo;
use kairan_storage::{Stream, Tx};

use super::effective::Because;
use super::events::{KeptOut, PolicyUseFact};
use crate::People;

impl People {
    /// Passes a sign-in's answer on; when policies kept the person out, that goes into their own stream (R50).
    pub(crate) async fn noting_kept_out<T>(
        &self,
        member: MemberId,
        client: &ClientInfo,
        answer: Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let Err(refusal) = &answer else { return answer };
        let Some(because) = Because::of(refusal.code) else { return answer };
        let rule = refusal.facts.get("rule").and_then(|rule| rule.as_str()).unwrap_or_default().to_owned();
        let (address, agent) = (client.address.to_string(), client.agent.clone());
        let fact = PolicyUseFact::from(KeptOut { because, rule, address, agent });
        let job = async move |tx: &mut Tx| -> Result<(), Refusal> {
            tx.append(Stream::Member(member), Actor::Nobody, None, &fact).await?;
            Ok(())
        };
        self.store.write(Stream::Member(member), job).await?;
        answer
    }
}
