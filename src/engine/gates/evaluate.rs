//! What asks a rule, by what the rule is about.

use futures_util::future::BoxFuture;

use super::answer::Answer;
use super::subjects::{
    BranchQuestion, BuildQuestion, CandidateQuestion, CheckoutQuestion, DigestQuestion, EarlierQuestion,
    LockQuestion, MergeQuestion, PinQuestion, PresentQuestion, PromotionQuestion, ReleaseQuestion,
    ReviewQuestion, StateQuestion,
};

/// For each kind of subject: one that is asked about, and the function that asks.
macro_rules! subjects {
    ($($(#[$doc:meta])+ $kind:ident($question:ident);)+) => {
        /// What a question is about.
        pub(in crate::engine) enum Subject<'a> {
            $($(#[$doc])+ $kind($question<'a>),)+
        }

        /// What asks a rule. What cannot be found out is an unknown verdict, which refuses; a gate that has nothing to say of
        /// this very subject is none.
        pub(super) enum Evaluate {
            $($(#[$doc])+ $kind(for<'q> fn(&'q $question<'q>) -> BoxFuture<'q, Option<Answer>>),)+
        }

        impl Evaluate {
            /// Asks about `subject`, where the rule is about such a one.
            pub(super) fn ask<'q>(&self, subject: &'q Subject<'q>) -> Option<BoxFuture<'q, Option<Answer>>> {
                match (self, subject) {
                    $((Self::$kind(evaluate), Subject::$kind(question)) => Some(evaluate(question)),)+
                    _ => None,
                }
            }
        }

        $(impl<'a> From<$question<'a>> for Subject<'a> {
            fn from(question: $question<'a>) -> Self {
                Self::$kind(question)
            }
        })+
    };
}

subjects! {
    /// A candidate, between two environments.
    Candidate(CandidateQuestion);
    /// A promotion, on its path.
    Promotion(PromotionQuestion);
    /// A branch that is about to be made.
    Branch(BranchQuestion);
    /// A build.
    Build(BuildQuestion);
    /// What is checked out when a build runs.
    Checkout(CheckoutQuestion);
    /// A release that is finished.
    Release(ReleaseQuestion);
    /// One of the branches that it is merged into.
    Merge(MergeQuestion);
    /// What an environment has.
    Present(PresentQuestion);
    /// The pins of an environment.
    Pin(PinQuestion);
    /// A digest, in the environment that it is deployed to again.
    Digest(DigestQuestion);
    /// An earlier deployment.
    Earlier(EarlierQuestion);
    /// A review.
    Review(ReviewQuestion);
    /// A lock.
    Lock(LockQuestion);
    /// What decides which images are needed.
    State(StateQuestion);
}
