//! Departments (部署): the organisation's tree.
//!
//! It stays true that the tree has no cycle, that siblings have different names, and that a department with people or
//! departments in it is not deleted.

pub mod commands;
pub mod events;
pub mod http;
pub mod project;
pub mod queries;
pub mod rules;
