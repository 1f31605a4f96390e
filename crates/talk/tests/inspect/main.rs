//! Real little files, made here, before the eyes that look into what people send.

mod archives;
mod cleaning;
mod pictures;
mod random;
mod samples;
mod types;
