//! Images that only cosign 2 signed.

use super::*;
use crate::call::{program, text};
use crate::plan::planned;

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_only_cosign_2_signed_verifies_passes_the_gate_and_takes_its_signature_along() {
    let (world, _) = world().await;
    let keys = world.folder().join("keys");
    std::fs::copy(keys.join("cosign.pub"), world.repository().join("cosign.pub")).unwrap();
    let stage = "name = \"stage\"\n";
    let verify = format!("{stage}verify = {{ key = \"cosign.pub\" }}\n");
    let engine = changed(&world, stage, &verify);
    let digest = digest_of(&engine, "stage", "develop~3").await;
    let command = promote("develop~3", "prod", Some("a test"), false);
    let unsigned = planned(&engine, &command).await.unwrap();
    assert_eq!(reason(&unsigned, "signature").0, "refused");

    let stage = writer(&engine, "stage");
    older::sign(&stage, &digest, &keys).await;
    let image = stage.repository().at(digest.clone()).to_string();
    let folder = world.repository();
    let verified = program(&folder, &folder.join("state"), &["verify", &image])
        .output()
        .await
        .unwrap();
    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified.stderr));

    done(&engine, &command).await;
    let prod = reader(&engine, "prod");
    let signature = Target::Tag(older::tag(&digest, "sig"));
    let (there, here) = (
        prod.resolve(&signature).await.unwrap(),
        stage.resolve(&signature).await.unwrap(),
    );
    assert!(there.is_some());
    assert_eq!(there, here);
}
