//! Department events → `departments`.

use kairan_storage::{Event, Facts, LocalBoxFuture, Projection, Result, Stream, Tables, params};

use super::events::DepartmentFact;

/// Writes `departments`.
pub struct DepartmentTable;

impl Projection for DepartmentTable {
    fn tables(&self) -> &'static [&'static str] {
        &["departments"]
    }

    fn apply<'a>(&'a self, tables: &'a mut Tables<'_>, event: &'a Event) -> LocalBoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if event.stream != Stream::Organisation {
                return Ok(());
            }
            match DepartmentFact::of(event).transpose()? {
                None => Ok(()),
                Some(DepartmentFact::Added(fact)) => {
                    let sql = "INSERT INTO departments (id, parent, name, place) VALUES ($1, $2, $3, $4)";
                    tables.run(sql, params![fact.department, fact.parent, &fact.name, fact.order]).await
                }
                Some(DepartmentFact::Changed(fact)) => {
                    let sql = "UPDATE departments SET parent = $2, name = $3, place = $4 WHERE id = $1";
                    tables.run(sql, params![fact.department, fact.parent, &fact.name, fact.order]).await
                }
                Some(DepartmentFact::Deleted(fact)) => {
                    tables.run("DELETE FROM departments WHERE id = $1", params![fact.department]).await
                }
            }
        })
    }
}
