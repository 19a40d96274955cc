//! Several questions at the same time.

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::error::RegistryError;

/// Questions that are asked at once; the host's budget bounds them further.
const AT_ONCE: usize = 16;

/// Asks some at the same time; the answers in the order of the questions. These come as a list: made by a closure inside
/// the stream they would not be `Send` for every lifetime.
pub(super) async fn together<T, F>(questions: Vec<F>) -> Result<Vec<T>, RegistryError>
where
    F: Future<Output = Result<T, RegistryError>>,
{
    stream::iter(questions).buffered(AT_ONCE).try_collect().await
}
