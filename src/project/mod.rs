//! One opened project: its configuration, its repository, and the handles for a service and for a service in an
//! environment. What several projects have in common is [`Shared`].

mod deployers;
mod opened;
mod release_names;
mod service;
mod shared;

pub use deployers::deployers;
pub use opened::Project;
pub use release_names::release_names;
pub use service::{Service, ServiceEnvironment};
pub use shared::{Shared, scanner};
