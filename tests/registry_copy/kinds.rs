//! Everything that goes wrong in the matrix, and at which requests it can.

use std::collections::BTreeSet;

use crate::proxy::Request;
use crate::proxy::fault::{Effect, Fault, Form, RetryAfter};
use crate::route::{Kind, Side};

/// One way to go wrong.
#[derive(Debug, Clone)]
pub struct Wrong {
    pub name: &'static str,
    effect: Effect,
    /// What strikes the same request when it is sent again.
    then: Option<Effect>,
    times: u64,
    /// Where it can happen.
    concerns: fn(&Place) -> bool,
    /// Where any good client bears it, if it happens once.
    must_bear: fn(&Place) -> bool,
}

/// A request of a copy, told so that the same one can be found in another copy.
#[derive(Debug, Clone)]
pub struct Place {
    pub kind: Kind,
    pub side: Side,
    method: String,
    /// What its path contains, whichever repository it is.
    part: String,
    /// How many such requests came before it.
    before: u64,
    /// Whether it was sent again with other credentials, which the registry had asked for.
    is_second_try: bool,
    has_body: bool,
    is_answered_with_body: bool,
}

impl Place {
    /// The places of all requests that a copy made of one side.
    pub fn all(kind: Kind, side: Side, requests: &[Request]) -> Vec<Self> {
        let mut all = Vec::<Self>::new();
        let mut refused = BTreeSet::new();
        for request in requests {
            let part = constant(&request.path);
            let what = (request.method.clone(), part);
            let is_second_try = !refused.insert(what.clone());
            if request.status != Some(401) {
                refused.remove(&what);
            }
            let same = |one: &&Self| one.method == request.method && request.path.contains(&one.part);
            all.push(Self {
                kind,
                side,
                method: request.method.clone(),
                before: all.iter().filter(same).count() as u64,
                part: part.to_owned(),
                is_second_try,
                has_body: request.up > 0,
                is_answered_with_body: request.down > 0,
            });
        }
        all
    }

    /// Whether it is of another kind than those between two open registries, which know every fault: requests for
    /// tokens, the fallback index, mounts. A 401 is of another kind everywhere where tokens are wanted.
    fn is_new(&self) -> bool {
        let is_fallback = self.part.starts_with("/manifests/sha256-") && !self.part.contains(".sig");
        self.kind == Kind::Open
            || self.is_token()
            || is_fallback
            || (self.kind == Kind::One && self.is_mount())
    }

    fn is(&self, method: &str, part: &str) -> bool {
        self.method == method && self.part.contains(part)
    }

    fn is_upload(&self) -> bool {
        self.is("PUT", "digest=") || self.is("PATCH", "/blobs/uploads/")
    }

    fn is_mount(&self) -> bool {
        self.is("POST", "mount=")
    }

    fn is_token(&self) -> bool {
        self.part.starts_with("/token")
    }

    fn writes(&self) -> bool {
        matches!(self.method.as_str(), "POST" | "PATCH" | "PUT")
    }

    /// Whether the answer names content.
    fn names_content(&self) -> bool {
        !self.is_token()
            && !self.is("POST", "")
            && !self.is("GET", "/tags/")
            && !self.is("GET", "/referrers/")
    }

    fn fault(&self, effect: Effect, before: u64) -> Fault {
        Fault::new(effect)
            .on_method(&self.method)
            .on_path(&self.part)
            .after(before)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            kind,
            side,
            method,
            part,
            before,
            ..
        } = self;
        write!(f, "{kind:?}, {side:?}: {method} {part} ({before})")
    }
}

/// The part of a path that is the same in every copy: without the repository and the upload session.
fn constant(path: &str) -> &str {
    let from = |text: &str| path.find(text).map(|begin| &path[begin..]);
    if path.starts_with("/token") {
        return "/token";
    }
    if path.contains("/blobs/uploads/") {
        let of_query = from("mount=").or_else(|| from("digest="));
        return of_query.map_or("/blobs/uploads/", |query| {
            query.split('&').next().unwrap_or(query)
        });
    }
    let kinds = ["/manifests/", "/blobs/", "/referrers/", "/tags/"];
    kinds.into_iter().find_map(from).unwrap_or(path)
}

impl Wrong {
    fn once(name: &'static str, effect: Effect) -> Self {
        Self {
            name,
            effect,
            then: None,
            times: 1,
            concerns: |_| true,
            must_bear: |_| true,
        }
    }

    /// It happens only there.
    fn at(self, concerns: fn(&Place) -> bool) -> Self {
        Self { concerns, ..self }
    }

    /// It need be borne only there.
    fn borne(self, must_bear: fn(&Place) -> bool) -> Self {
        Self { must_bear, ..self }
    }

    pub fn concerns(&self, place: &Place) -> bool {
        let is_new = place.is_new() || self.effect == Effect::WithoutCredentials;
        is_new && (self.concerns)(place)
    }

    pub fn must_be_borne(&self, place: &Place) -> bool {
        (self.must_bear)(place)
    }

    /// Whether it shows only in the client's patience.
    pub const fn stalls(&self) -> bool {
        use Effect::{StallAnswer, StallBeforeAnswer, StallRequest};
        matches!(self.effect, StallAnswer | StallBeforeAnswer | StallRequest)
    }

    pub fn faults(&self, place: &Place) -> Vec<Fault> {
        let first = place.fault(self.effect.clone(), place.before).times(self.times);
        let then = self.then.clone().map(|then| place.fault(then, place.before + 1));
        // The one that comes later counts every request, so it comes first.
        then.into_iter().chain([first]).collect()
    }
}

/// Everything that goes wrong.
pub fn all() -> Vec<Wrong> {
    use RetryAfter::{Date, Seconds};
    vec![
        Wrong::once("429 and seconds", Effect::answer_later(429, Seconds(1))),
        Wrong::once("429 and a date", Effect::answer_later(429, Date(1))),
        Wrong::once("500", Effect::answer(500)),
        Wrong::once("502", Effect::answer(502)),
        Wrong::once("503", Effect::answer(503)),
        Wrong::once("reset before the request", Effect::ResetBefore),
        Wrong::once("reset in the request", Effect::ResetInRequest).at(|place| place.has_body),
        Wrong::once("reset before the answer", Effect::ResetAfter),
        Wrong::once("reset in the answer", Effect::ResetInAnswer),
        Wrong::once("truncated answer", Effect::Truncate),
        Wrong::once("stall in the request", Effect::StallRequest).at(|place| place.has_body),
        Wrong::once("stall before the answer", Effect::StallBeforeAnswer),
        Wrong::once("stall in the answer", Effect::StallAnswer).at(|place| place.is_answered_with_body),
        // A registry that refuses the password itself is believed, and one that refuses what it has just asked for.
        Wrong::once("401", Effect::WithoutCredentials)
            .at(|place| place.kind != Kind::Open)
            .borne(|place| !place.is_token() && !place.is_second_try),
        Wrong::once("401 and nothing else", Effect::answer(401)).borne(Place::is_mount),
        Wrong::once("upload session lost", Effect::LoseSession).at(Place::is_upload),
        Wrong::once("416", Effect::answer(416)).at(Place::is_upload),
        Wrong {
            then: Some(Effect::answer(416)),
            ..Wrong::once("truncated, then 416", Effect::Truncate)
        }
        .at(|place| place.is("GET", "/blobs/")),
        Wrong::once("mount answered 202", Effect::RefuseMount).at(Place::is_mount),
        Wrong::once("flipped byte", Effect::FlipByte)
            .at(|place| place.is_answered_with_body)
            .borne(|_| false),
        Wrong::once("lying digest", Effect::LieAboutDigest)
            .at(Place::names_content)
            .borne(|_| false),
        Wrong::once("relative Location", Effect::Location(Form::Relative)).at(Place::writes),
        Wrong::once("absolute Location", Effect::Location(Form::Absolute)).at(Place::writes),
        Wrong::once("no Location", Effect::Location(Form::Missing))
            .at(Place::writes)
            .borne(|place| place.method == "PUT"),
        Wrong::once("no OCI-Subject", Effect::HideSubject).at(|place| place.is("PUT", "/manifests/")),
        Wrong {
            times: u64::MAX,
            ..Wrong::once("tags in pages", Effect::Pages(1))
        }
        .at(|place| place.is("GET", "/tags/")),
    ]
}
