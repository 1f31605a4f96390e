//! Every route of the people floor, on both engines, laid out like the URLs. After each scenario the tables are replayed
//! from the journal and compared.

mod alarms;
mod bad_input;
mod console;
mod demands;
mod departments;
mod devices;
mod factors;
mod import;
mod invitations;
mod journal;
mod me;
mod members;
mod names;
mod policies;
mod reach;
mod session;
mod settings;
mod setup;
