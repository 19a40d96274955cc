//! One connection of a client, and its requests one after another.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::BytesMut;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::WriteHalf;

use super::fault::{Effect, Form};
use super::wire::{Framing, Head, Inlet, Wire};
use super::{Entry, State, locked};

/// What becomes of a client's connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum After {
    Keep,
    Close,
    Reset,
}

/// Serves a client until one of both has enough.
pub(super) async fn serve(client: TcpStream, state: Arc<State>) {
    let mut client = Wire::new(client);
    let mut upstream = None;
    loop {
        match next(&mut client, &mut upstream, &state).await {
            Ok(After::Keep) => {}
            Ok(After::Close) => return client.close().await,
            // Whatever broke has ended for the other side, too; what was passed on before still arrives.
            Err(_) => return client.reset(),
            Ok(After::Reset) => {
                if let Some(upstream) = upstream {
                    upstream.reset();
                }
                return client.reset();
            }
        }
    }
}

/// One request and its answer.
async fn next(client: &mut Wire, upstream: &mut Option<Wire>, state: &State) -> io::Result<After> {
    let (mut inlet, mut outlet) = client.split();
    let Some(mut head) = inlet.head().await? else {
        return Ok(After::Close);
    };
    let (entry, effect) = state.begin(head.word(0), head.word(1));
    state.pass().await;
    state.keep_distance().await;
    let mut framing = head.framing_of_request();
    let session = entry.path.split('?').next().unwrap_or_default();
    let lost = effect == Some(Effect::LoseSession) || locked(&state.lost).contains(session);
    let instead = match &effect {
        Some(Effect::ResetBefore) => return Ok(After::Reset),
        Some(Effect::Answer { status, retry_after }) => Some((*status, *retry_after)),
        _ if lost => {
            locked(&state.lost).insert(session.to_owned());
            Some((404, None))
        }
        _ => None,
    };
    if let Some((status, retry_after)) = instead {
        while inlet.piece(&mut framing).await?.is_some() {}
        entry.status.store(status, Ordering::Relaxed);
        let code = if lost { "BLOB_UPLOAD_UNKNOWN" } else { "UNKNOWN" };
        let body = format!(r#"{{"errors":[{{"code":"{code}","message":"a fault, as it was asked for"}}]}}"#);
        let mut answer = Head::answer(status);
        answer.set("Content-Type", "application/json".to_owned());
        answer.set("Content-Length", body.len().to_string());
        if let Some(after) = retry_after {
            answer.set("Retry-After", after.header());
        }
        outlet.write_all(&answer.bytes()).await?;
        if entry.method != "HEAD" {
            outlet.write_all(body.as_bytes()).await?;
        }
        return Ok(After::Keep);
    }
    amend(&mut head, effect.as_ref());
    let registry = match upstream.take().filter(Wire::is_fresh) {
        Some(wire) => upstream.insert(wire),
        None => upstream.insert(Wire::new(TcpStream::connect(&state.upstream).await?)),
    };
    let (from_registry, mut to_registry) = registry.split();
    to_registry.write_all(&head.bytes()).await?;

    let exchange = Exchange {
        state,
        entry: &entry,
        effect: effect.as_ref(),
    };
    let asking = exchange.ask(inlet, framing, to_registry);
    let answering = exchange.answer(from_registry, outlet);
    tokio::pin!(asking, answering);
    let after = tokio::select! {
        asked = &mut asking => {
            if asked? == After::Reset {
                return Ok(After::Reset);
            }
            answering.await?
        }
        // A registry that answers early still takes the rest, or closes.
        answered = &mut answering => {
            let answered = answered?;
            if answered == After::Keep && asking.await? == After::Reset {
                return Ok(After::Reset);
            }
            answered
        }
    };
    Ok(if head.keeps_alive() {
        after
    } else {
        after.max(After::Close)
    })
}

/// Changes a request as the fault wants it.
fn amend(head: &mut Head, effect: Option<&Effect>) {
    match effect {
        Some(Effect::WithoutCredentials) => head.remove("authorization"),
        Some(Effect::RefuseMount) => head.change_query(|name| name != "mount" && name != "from", None),
        Some(Effect::Pages(size)) if head.word(1).contains("/tags/list") => {
            head.change_query(|name| name != "n", Some(format!("n={size}")));
        }
        _ => {}
    }
}

/// A request that is passed on.
struct Exchange<'a> {
    state: &'a State,
    entry: &'a Entry,
    effect: Option<&'a Effect>,
}

impl Exchange<'_> {
    fn suffers(&self, effect: &Effect) -> bool {
        self.effect == Some(effect)
    }

    /// Passes the request's body on.
    async fn ask(
        &self,
        mut from: Inlet<'_>,
        mut framing: Framing,
        mut to: WriteHalf<'_>,
    ) -> io::Result<After> {
        let goes_wrong = self.suffers(&Effect::ResetInRequest) || self.suffers(&Effect::StallRequest);
        let end = framing.middle().filter(|_| goes_wrong);
        let mut listens = true;
        let mut passed = 0;
        while let Some(mut piece) = from.piece(&mut framing).await? {
            self.state.pass().await;
            if let Some(end) = end {
                piece.truncate(usize::try_from(end - passed).unwrap_or(usize::MAX));
            }
            passed += piece.len() as u64;
            // A registry that has answered may close before it has read everything.
            listens = listens && framing.write(&mut to, &piece).await.is_ok();
            self.state.count_up(self.entry, piece.len());
            if end == Some(passed) {
                if self.suffers(&Effect::StallRequest) {
                    from.until_closed().await;
                }
                return Ok(After::Reset);
            }
        }
        if listens {
            // As above.
            let _ = framing.finish(&mut to).await;
        }
        Ok(After::Keep)
    }

    /// Passes the answer on.
    async fn answer(&self, mut from: Inlet<'_>, mut to: WriteHalf<'_>) -> io::Result<After> {
        let mut head = loop {
            let head = from.head().await?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if head.status() >= 200 {
                break head;
            }
            to.write_all(&head.bytes()).await?;
        };
        let mut framing = head.framing_of_answer(&self.entry.method);
        self.distort(&mut head);
        self.state.pass().await;
        match (self.effect, framing.middle()) {
            (Some(Effect::ResetAfter | Effect::ResetInRequest), _) => return Ok(After::Reset),
            (Some(Effect::ResetInAnswer | Effect::Truncate), None) => {
                let bytes = head.bytes();
                to.write_all(&bytes[..bytes.len() / 2]).await?;
                return Ok(self.end_of_broken());
            }
            (Some(Effect::StallBeforeAnswer | Effect::StallRequest), _)
            | (Some(Effect::StallAnswer), None) => {
                return pending().await;
            }
            _ => {}
        }
        to.write_all(&head.bytes()).await?;
        self.entry.status.store(head.status(), Ordering::Relaxed);
        if self.body(&mut from, &mut framing, &mut to).await? == After::Reset {
            return Ok(self.end_of_broken());
        }
        Ok(if framing != Framing::UntilClosed && head.keeps_alive() {
            After::Keep
        } else {
            After::Close
        })
    }

    const fn end_of_broken(&self) -> After {
        match self.effect {
            Some(Effect::Truncate) => After::Close,
            _ => After::Reset,
        }
    }

    /// Passes the body of the answer on, as far as it comes.
    async fn body(
        &self,
        from: &mut Inlet<'_>,
        framing: &mut Framing,
        to: &mut WriteHalf<'_>,
    ) -> io::Result<After> {
        let middle = framing.middle();
        let breaks_off = matches!(
            self.effect,
            Some(Effect::ResetInAnswer | Effect::Truncate | Effect::StallAnswer)
        );
        let end = middle.filter(|_| breaks_off);
        let mut passed = 0;
        while let Some(mut piece) = from.piece(framing).await? {
            self.state.pass().await;
            if let Some(end) = end {
                piece.truncate(usize::try_from(end - passed).unwrap_or(usize::MAX));
            }
            if self.suffers(&Effect::FlipByte)
                && let Some(middle) = middle
            {
                flip(&mut piece, middle.checked_sub(passed));
            }
            passed += piece.len() as u64;
            framing.write(to, &piece).await?;
            self.state.count_down(self.entry, piece.len());
            if end == Some(passed) {
                if self.suffers(&Effect::StallAnswer) {
                    return pending().await;
                }
                return Ok(After::Reset);
            }
        }
        framing.finish(to).await?;
        Ok(After::Keep)
    }

    /// Changes the head of an answer: addresses that name the registry, and what the fault wants.
    fn distort(&self, head: &mut Head) {
        let own = format!("http://{}", self.state.own);
        for name in ["location", "link", "www-authenticate"] {
            for scheme in ["http", "https"] {
                let theirs = format!("{scheme}://{}", self.state.upstream);
                head.change(name, |value| value.replace(&theirs, &own));
            }
        }
        match self.effect {
            Some(Effect::LieAboutDigest) => {
                let lie = format!("sha256:{}", "0".repeat(64));
                head.change("docker-content-digest", |_| lie);
            }
            Some(Effect::HideSubject) => head.remove("oci-subject"),
            Some(Effect::Location(Form::Missing)) => head.remove("location"),
            Some(Effect::Location(Form::Relative)) => {
                head.change("location", |value| value.replacen(&own, "", 1));
            }
            Some(Effect::Location(Form::Absolute)) => head.change("location", |value| {
                let joint = if value.starts_with('/') { own.as_str() } else { "" };
                format!("{joint}{value}")
            }),
            _ => {}
        }
    }
}

/// Changes the byte at this place, if the piece has it.
fn flip(piece: &mut BytesMut, place: Option<u64>) {
    let place = place.and_then(|place| usize::try_from(place).ok());
    if let Some(byte) = place.and_then(|place| piece.get_mut(place)) {
        *byte ^= 0xff;
    }
}
