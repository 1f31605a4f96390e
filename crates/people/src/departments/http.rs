//! `/departments`.

use std::collections::HashSet;

use axum::Json;
use axum::extract::State;
use kairan_core::{DepartmentId, Refusal};
use kairan_http::{Answer, At, Body, Created, NoContent, present};
use kairan_storage::{Reader, Stream, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::commands::{self, Change};
use super::{queries, rules};
use crate::members::queries::{records, visible};
use crate::{Caller, People};

/// The routes.
pub fn router() -> OpenApiRouter<People> {
    OpenApiRouter::new()
        .routes(routes!(list_departments, create_department))
        .routes(routes!(change_department, delete_department))
}

/// A department of the organisation's tree.
#[derive(Serialize, ToSchema)]
struct Department {
    #[schema(value_type = String, format = Uuid)]
    id: DepartmentId,
    #[schema(value_type = Option<String>, format = Uuid, required = true)]
    parent: Option<DepartmentId>,
    name: String,
    /// Place among its siblings, smallest first.
    order: i64,
}

impl From<rules::Department> for Department {
    fn from(department: rules::Department) -> Self {
        Self { id: department.id, parent: department.parent, name: department.name, order: department.order }
    }
}

/// Lists the departments. A partner sees those of the people they see, and what stands above them (R70).
#[utoipa::path(get, path = "/departments", tag = "departments", responses((status = 200, body = Vec<Department>)), security(("session" = [])))]
async fn list_departments(State(people): State<People>, caller: Caller) -> Answer<Json<Vec<Department>>> {
    let hooks = people.hooks.clone();
    let read = async move |reader: &mut Reader| -> Result<Vec<rules::Department>, Refusal> {
        let all = queries::all(reader).await?;
        let Some(known) = visible(reader, &caller, &hooks).await? else { return Ok(all) };
        let tree = rules::Tree::new(all.iter().cloned());
        let mut seen = HashSet::new();
        for record in records(reader, &known).await? {
            let placed =
                record.profile.departments.iter().flat_map(|placement| tree.upward(placement.department));
            seen.extend(placed.map(|department| department.id));
        }
        Ok(all.into_iter().filter(|department| seen.contains(&department.id)).collect())
    };
    Ok(Json(people.store.read(read).await?.into_iter().map(Department::from).collect()))
}

/// A new department.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDepartment {
    name: String,
    #[schema(value_type = Option<String>, format = Uuid)]
    parent: Option<DepartmentId>,
}

/// Adds a department after its siblings.
#[utoipa::path(post, path = "/departments", tag = "departments", request_body = NewDepartment, responses((status = 201, body = Department)), security(("session" = [])))]
async fn create_department(
    State(people): State<People>,
    caller: Caller,
    Body(asked): Body<NewDepartment>,
) -> Answer<Created<Department>> {
    let job = async move |tx: &mut Tx| commands::add_department(tx, &caller, &asked.name, asked.parent).await;
    Ok(Created(people.store.write(Stream::Organisation, job).await?.into()))
}

/// What shall be different.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DepartmentChange {
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, format = Uuid)]
    parent: Option<Option<DepartmentId>>,
    order: Option<i64>,
}

/// Renames or moves a department.
#[utoipa::path(patch, path = "/departments/{id}", tag = "departments", params(("id" = String, Path)), request_body = DepartmentChange, responses((status = 200, body = Department)), security(("session" = [])))]
async fn change_department(
    State(people): State<People>,
    caller: Caller,
    At(id): At<DepartmentId>,
    Body(asked): Body<DepartmentChange>,
) -> Answer<Json<Department>> {
    let change = Change { name: asked.name, parent: asked.parent, order: asked.order };
    let hooks = people.hooks.clone();
    let job = async move |tx: &mut Tx| commands::change_department(tx, &caller, &hooks, id, &change).await;
    Ok(Json(people.store.write(Stream::Organisation, job).await?.into()))
}

/// Deletes an empty department.
#[utoipa::path(delete, path = "/departments/{id}", tag = "departments", params(("id" = String, Path)), responses((status = 204)), security(("session" = [])))]
async fn delete_department(
    State(people): State<People>,
    caller: Caller,
    At(id): At<DepartmentId>,
) -> Answer<NoContent> {
    let job = async move |tx: &mut Tx| commands::delete_department(tx, &caller, id).await;
    people.store.write(Stream::Organisation, job).await?;
    Ok(NoContent)
}
