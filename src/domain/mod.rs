//! Pure values and rules: digests, image names, versions, branch names, the environment graph, policies,
//! verdicts and plans. No I/O, no async, no clock, no terminal: what stands here is decided, not looked up.

/// Serialises a type as its text and reads it back through `FromStr`, so that no value enters unchecked.
macro_rules! serde_as_text {
    ($type:ident) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
use serde_as_text;

mod access;
mod approval;
mod approvals;
mod ascii;
mod attempt_record;
mod audit;
mod branch;
mod chain;
mod change_kind;
mod change_record;
mod changelog;
mod commit;
mod comparison;
mod conventional;
mod delta;
mod deployed;
mod deployer;
mod deployment_record;
mod deployment_tag;
mod digest;
mod endpoint;
mod environment;
mod evidence;
mod exception;
mod exit;
mod expiry;
mod finding;
mod findings_diff;
mod freeze;
mod garbage;
mod gate;
mod halt;
mod hosting;
mod human;
mod image;
mod image_diff;
mod judgement;
mod link;
mod lock;
mod markdown;
mod names;
mod note;
mod notification;
pub mod operation;
mod package_version;
mod packages;
mod pin;
mod plan;
mod platform;
mod policy;
mod probe;
mod project;
mod promotion_record;
mod proxy;
mod purl;
mod rebuilt;
mod registry_host;
mod release;
mod release_tag;
mod retention;
mod runner;
mod running;
mod signature;
mod signer_identity;
mod soak;
mod step;
mod template;
mod text;
mod ticket;
mod variable;
mod verdict;
mod verification_summary;
mod verifier;
mod version;
mod vex;
mod waiver;

pub use access::WriteAccess;
pub use approval::ApprovalRequest;
pub use approvals::{
    Approval, ApprovalPolicy, ApprovalSubject, Approvals, Approver, Asked, CountedApproval, SignedApproval,
    TrustedApprover, UncountedApproval,
};
pub use ascii::ascii_symbol;
pub use attempt_record::{AttemptOutcome, AttemptRecord};
pub use audit::{Audit, AuditFault, AuditFinding, AuditedEnvironment};
pub use branch::{BranchName, BranchNameError};
pub use chain::{ChainFault, ChainLink, ChainPlace, chain};
pub use change_kind::ChangeKind;
pub use change_record::ChangeRecord;
pub use changelog::{ChangeGroup, Changelog, Committed, Entry};
pub use commit::{CommitSha, CommitShaError};
pub use comparison::{
    Comparison, FileDifference, FileDifferenceKind, FilesDiff, Part, Side, SideImage, SideKind, Unknown,
};
pub use delta::{Cause, Change, Delta, GateRecord, RecordedFinding};
pub use deployed::{Deployed, earlier, returned_from};
pub use deployer::{
    ChangeMethod, CommandSettings, DeployOutcome, DeployTarget, DeployerSettings, GitopsSettings,
    GitopsTarget, ImagePlace, PinnedValue, ProgramLine, Reconciler, ReconcilerKind, YamlFormat,
};
pub use deployer::{EcsSettings, EcsTarget, WebhookSettings, WebhookTarget};
pub use deployer::{
    KubernetesSettings, KubernetesTarget, WorkloadChoice, WorkloadKind, WorkloadName, WorkloadNameError,
    WorkloadTarget, is_kubernetes_name,
};
pub use deployment_record::{DeployedBy, DeploymentRecord};
pub use deployment_tag::DeploymentTag;
pub use digest::{Algorithm, Digest, DigestError, Hasher};
pub use endpoint::{Endpoint, EndpointError, is_loopback, is_same_host};
pub use environment::{Environment, EnvironmentGraph, GraphError, leads_to, production_place, reached};
pub use evidence::{Inventory, Origin, Package, RunnableImage, ScanEvidence, ScanReport, ScannerFilter};
pub use exception::{
    DeploymentFailure, ExceptionKind, ExceptionRecord, FailedOutcome, ReviewRecord, owed_reviews,
};
pub use exit::Exit;
pub use expiry::{Term, TermError};
pub use finding::{BySeverity, Counts, Finding, FindingKind, Limits, Severity};
pub use findings_diff::FindingsDiff;
pub use freeze::{Freeze, FreezeError, freeze_verdict};
pub use garbage::{ImageOrigin, KeepReason, KeptBecause, Needed, StoredImage, keep};
pub use gate::{Gate, GateKind, GateKindError, HotfixSkip};
pub use halt::{HaltNote, HaltState, halt_pattern, halt_reference, halted_by_reference};
pub use hosting::{ApiAddress, ApiAddressError, GitHubApp, RepositoryName, RepositoryNameError};
pub use human::{age, bytes, count, first, span};
pub use image::{ImageError, ImageReference, ImageTemplate, Repository, Tag, Target};
pub use image_diff::{ImageDiff, ImageFacts, ImageSettings, Layer, LayerDiff, PlatformFacts, SettingChange};
pub use judgement::{Exceptions, Judged, Judgement, Standing, Suppression};
pub use link::{LinkError, next_link};
pub use lock::{HeldLock, LockNote, LockPart, LockStanding, LockSubject};
pub use markdown::markdown_escape;
pub use names::{EnvironmentName, NameError, ProjectName, RoleName, ServiceName};
pub use notification::{
    DriftChange, Notification, NotificationForm, NotificationKind, NotifySettings, RunOutcome, Trouble,
};
pub use operation::{Ending, MergeMethod, Operation};
pub use package_version::compare_versions;
pub use packages::{
    InstalledPackage, OPERATING_SYSTEM, PackageChange, PackageDiff, PackageDifference, PackageList,
    PackageSource,
};
pub use pin::{PinRecord, newest_pin, pin_state};
pub use plan::{Confirmation, Costs, Plan, PlanHash};
pub use platform::Platform;
pub use policy::{LeftOut, Rule, ScanPolicy};
pub use probe::{
    Condition, ConditionError, ProbeKind, ProbeSettings, ProbeTarget, ProbeTargetKind, Repetition,
};
pub use project::{ProjectId, ServiceId};
pub use promotion_record::{PromotionRecord, RecordDetails, RecordedApproval, RecordedOperation};
pub use proxy::{ProxyAddress, ProxyAddressError};
pub use purl::{PackagePattern, PackagePatternError};
pub use rebuilt::{STANDS_FOR, stands_for};
pub use registry_host::HostSettings;
pub use release::{Bound, Debt, DebtState, DeployedIn, Due, Production, Release, ReleaseKind, release_name};
pub use release_tag::{Padding, ReleaseTagReading, ReleaseTagTemplate, version_name};
pub use retention::Retention;
pub use runner::{RunTitle, WorkflowFile, WorkflowFileError, WorkflowTarget};
pub use running::{Drift, Observed, Running};
pub use signature::SignatureForms;
pub use signer_identity::SignerIdentity;
pub use soak::SoakPolicy;
pub use step::{PlannedStep, StepId, StepKind, StepList, StepTarget};
pub use template::{BranchTemplate, Series, TagTemplate, TemplateError, Values};
pub use text::{Clean, clean_line, clean_text};
pub use ticket::{TicketPattern, TicketPatternError, TicketUrl, TicketUrlError};
pub use variable::{VariablePattern, VariablePatternError, matches_variable};
pub use verdict::{Override, Verdict};
pub use verification_summary::{VerificationResult, VerificationSummary};
pub use verifier::{
    AttachedSignatures, SignedBy, Verifier, VerifierError, VerifierProfile, forms_for, verifier_names,
};
pub use version::{Proposal, propose_next, version_of_tag};
pub use vex::{VexProduct, VexStatement, VexStatus, VexSubject};
pub use waiver::Waiver;
