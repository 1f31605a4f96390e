//! Device events → `devices`, `device_codes`; the organisation's → `device_settings`, `device_terms`.

use kairan_core::MemberId;
use kairan_storage::{Error, Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::{Added, DeviceFact, DevicePolicyFact};
use super::rules::State;

/// The mark that a device is in use; from where, when that is known.
pub(super) const SEEN: &str = "INSERT INTO marks_device_seen (device, member, at, address) VALUES ($1, $2, $3, $4) ON CONFLICT (device) DO UPDATE SET at = excluded.at, address = excluded.address";

/// Writes `devices` and `device_codes`.
pub struct DeviceTables;

impl Projection for DeviceTables {
    fn tables(&self) -> &'static [&'static str] {
        &["devices", "device_codes"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let Stream::Member(member) = event.stream else { return Ok(()) };
            match DeviceFact::of(event).transpose()? {
                None => Ok(()),
                Some(fact) => write(tables, member, event, fact).await,
            }
        })
    }
}

async fn write(tables: &mut Tables<'_>, member: MemberId, event: &Event, fact: DeviceFact) -> Result<()> {
    match fact {
        DeviceFact::CodeMade(fact) => {
            let sql =
                "INSERT INTO device_codes (code, member, ownership, expires_at) VALUES ($1, $2, $3, $4)";
            tables.run(sql, params![fact.code, member, fact.ownership.name(), fact.expires_at]).await
        }
        DeviceFact::CodeVoid(fact) => {
            tables.run("DELETE FROM device_codes WHERE code = $1", params![fact.code]).await
        }
        DeviceFact::CodeRefused(_) => Ok(()),
        DeviceFact::Added(fact) => added(tables, member, event, fact).await,
        DeviceFact::Approved(fact) => {
            let sql = "UPDATE devices SET state = $2, enrolled_at = $3 WHERE id = $1";
            tables.run(sql, params![fact.device, State::Enrolled.name(), event.at]).await
        }
        DeviceFact::Refused(fact) => {
            let sql = "UPDATE devices SET state = $2 WHERE id = $1";
            tables.run(sql, params![fact.device, State::Removed.name()]).await
        }
        DeviceFact::Described(fact) => {
            let sql = "UPDATE devices SET name = $2, ownership = $3 WHERE id = $1";
            tables.run(sql, params![fact.device, fact.name, fact.ownership.name()]).await
        }
        DeviceFact::Consented(fact) => {
            let sql = "UPDATE devices SET consent_version = $2, consent_at = $3 WHERE id = $1";
            tables.run(sql, params![fact.device, fact.version, event.at]).await
        }
        DeviceFact::Locked(fact) => {
            let sql = "UPDATE devices SET state = $2, locked_at = $3, locked_by = $4 WHERE id = $1";
            let by = event.actor.member();
            tables.run(sql, params![fact.device, State::Locked.name(), event.at, by]).await
        }
        DeviceFact::Unlocked(fact) => {
            let sql = "UPDATE devices SET state = $2, locked_at = NULL, locked_by = NULL WHERE id = $1";
            tables.run(sql, params![fact.device, State::Enrolled.name()]).await
        }
        DeviceFact::WipeAsked(fact) => {
            let sql = "UPDATE devices SET state = $2, wipe_at = $3, wipe_by = $4 WHERE id = $1";
            let by = event.actor.member();
            tables.run(sql, params![fact.device, State::Wiping.name(), event.at, by]).await
        }
        // Whoever locked it first still holds it: taking a wipe back gives nobody more than they had.
        DeviceFact::WipeCancelled(fact) => {
            let sql = "UPDATE devices SET state = $2, wipe_at = NULL, wipe_by = NULL, locked_by = CASE WHEN locked_at IS NULL THEN $4 ELSE locked_by END, locked_at = COALESCE(locked_at, $3) WHERE id = $1";
            let by = event.actor.member();
            tables.run(sql, params![fact.device, State::Locked.name(), event.at, by]).await
        }
        DeviceFact::Wiped(fact) => {
            let sql = "UPDATE devices SET state = $2, wiped_at = $3, wiped_items = $4 WHERE id = $1";
            tables.run(sql, params![fact.device, State::Wiped.name(), event.at, fact.items]).await
        }
    }
}

async fn added(tables: &mut Tables<'_>, member: MemberId, event: &Event, fact: Added) -> Result<()> {
    let key = hex::decode(&fact.key).map_err(|_| Error::Damaged("a device's key".into()))?;
    let state = if fact.pending { State::Pending } else { State::Enrolled };
    let sql = "INSERT INTO devices (id, member, name, kind, os, ownership, state, key, first_seen, enrolled_at, address) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let columns = params![
        fact.device,
        member,
        fact.name,
        fact.kind.name(),
        fact.os,
        fact.ownership.name(),
        state.name(),
        key,
        event.at,
        (!fact.pending).then_some(event.at),
        fact.address,
    ];
    tables.run(sql, columns).await?;
    let Some(code) = fact.code else { return Ok(()) };
    tables.run("DELETE FROM device_codes WHERE code = $1", params![code]).await
}

/// Writes `device_settings` and `device_terms`.
pub struct DevicePolicyTables;

impl Projection for DevicePolicyTables {
    fn tables(&self) -> &'static [&'static str] {
        &["device_settings", "device_terms"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if event.stream != Stream::Organisation {
                return Ok(());
            }
            match DevicePolicyFact::of(event).transpose()? {
                None => Ok(()),
                Some(DevicePolicyFact::Settings(set)) => {
                    let sql = "INSERT INTO device_settings (id, required, code_from_manager, code_from_own_device, approval, most, lease_hours) VALUES (1, $1, $2, $3, $4, $5, $6)
                        ON CONFLICT (id) DO UPDATE SET required = excluded.required, code_from_manager = excluded.code_from_manager, code_from_own_device = excluded.code_from_own_device,
                          approval = excluded.approval, most = excluded.most, lease_hours = excluded.lease_hours";
                    let columns = params![
                        set.required,
                        set.code_from.manager,
                        set.code_from.own_device,
                        set.approval,
                        set.most,
                        set.lease_hours
                    ];
                    tables.run(sql, columns).await
                }
                Some(DevicePolicyFact::Terms(fact)) => {
                    let sql = "INSERT INTO device_terms (version, text, since) VALUES ($1, $2, $3)";
                    tables.run(sql, params![fact.version, fact.text, event.at]).await
                }
            }
        })
    }
}
