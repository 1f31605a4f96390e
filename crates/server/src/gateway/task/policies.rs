//! What other rules, and the end of somebody's hours, do to the connections that are there.
//!
//! It stays true that a connection which the policies do not let be here any more ends within a second (R20), whoever asks
//! for it or not.

use std::collections::HashMap;

use kairan_people::devices::events::DeviceFact;
use kairan_people::policies::events::PolicyFact;
use kairan_people::policies::queries::Policies;
use kairan_people::policies::{Effective, Seat, Usual, Who, effective};
use kairan_people::signin::standing::demands_factor;
use kairan_people::{Caller, factors};
use kairan_storage::{Error, Event, Facts, Stream};

use super::{Slot, Task};
use crate::gateway::frames::{Closing, Plain};
use crate::gateway::hub::Call;
use crate::gateway::routing::Number;

impl Task {
    /// Other rules, or a device that was somebody else's thing than noted: those it shuts out go at once, the others are told.
    pub(super) fn policy_event(&mut self, event: &Event) {
        let told = Plain::Mine { what: "policy", room: None }.text();
        if let Some(Ok(PolicyFact::Set(set))) = PolicyFact::of(event) {
            self.policies = Policies { version: set.version, rules: set.rules };
            self.let_go_by_policy();
            let everyone = self.routing.all().into_iter().map(|number| (number, told.clone())).collect();
            self.deliver(everyone);
        } else if let (Some(Ok(DeviceFact::Described(fact))), Stream::Member(member)) =
            (DeviceFact::of(event), event.stream)
        {
            for slot in self.slots.values_mut().filter(|slot| slot.caller.device == Some(fact.device)) {
                if let Seat::Device(_, ownership) = &mut slot.caller.whence.seat {
                    *ownership = fact.ownership;
                }
            }
            self.let_go_by_policy();
            self.tell_member(member, &told);
        }
    }

    /// The hours of some may have ended.
    pub(super) fn let_go_after_hours(&mut self) {
        if self.policies.rules.iter().any(|rule| rule.limits.hours.is_some()) {
            self.let_go_of_those_shut_out();
        }
    }

    fn let_go_by_policy(&mut self) {
        self.let_go_of_those_shut_out();
        self.look_for_those_without_a_factor();
    }

    /// Ends the connections of those whom the policies do not let be here now (R20).
    fn let_go_of_those_shut_out(&mut self) {
        let now = self.store.surroundings().now();
        let shut = self.of_whom(|caller, policy| policy.shuts(caller.whence.address, now).is_some());
        for (number, _) in shut {
            self.let_go(number, Closing::Policy);
        }
    }

    /// Reads, beside the hub, who of those of whom the rules demand a second factor has none: their sessions are not complete
    /// any more. When the database does not answer, each connection asks for itself within a minute.
    fn look_for_those_without_a_factor(&self) {
        // Whose role demands one (R4) has it, or would not be connected.
        let asked = self.of_whom(|caller, policy| policy.second_factor && !demands_factor(caller.role));
        if asked.is_empty() {
            return;
        }
        let (hub, store) = (self.hub.clone(), self.store.clone());
        tokio::spawn(async move {
            match store.read::<_, Error, _>(async |reader| factors::queries::holders(reader).await).await {
                Ok(holders) => {
                    let without = asked.into_iter().filter(|(_, caller)| !holders.contains(&caller.member));
                    hub.tell(Call::Incomplete(without.map(|(number, _)| number).collect())).await;
                }
                Err(error) => tracing::error!(%error, "the gateway could not read who has a second factor"),
            }
        });
    }

    /// The connections of whom this is true, given what holds for them. Nothing is read: a connection knows what it comes
    /// from, and what is asked about (hours, networks, second factors) follows from that and the rules alone.
    fn of_whom(&self, asked: impl Fn(&Caller, &Effective) -> bool) -> Vec<(Number, Caller)> {
        let (rules, usual) = (&self.policies.rules, Usual { devices: None, lease_hours: 0 });
        let mut known: HashMap<Who, Effective> = HashMap::new();
        let mut found = Vec::new();
        for (number, Slot { caller, .. }) in &self.slots {
            let who = Who { role: caller.role, seat: caller.whence.seat };
            let policy = known.entry(who).or_insert_with(|| effective(0, rules, &who, usual));
            if asked(caller, policy) {
                found.push((*number, caller.clone()));
            }
        }
        found
    }
}
