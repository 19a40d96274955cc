# What the promotion record of an image has to say for the image to be admitted to << environment >>. Its form is described by
# assets/schemas/promotion-record.v1.json of windlass; nothing of windlass is needed to evaluate it.
package << package >>

import rego.v1

default << rule >> := false

<< rule >> if {
	input.predicateType == "https://k8s.io/promo-tools/promotion/v1"
	record := input.predicate
	record.windlass.environment == "<< environment >>"
	record.dstRef in {<< repositories | join(", ") >>}
	some subject in input.subject
	record.digest == sprintf("sha256:%s", [subject.digest.sha256])
	every gate in record.windlass.gates {
		gate.verdict == "allowed"
	}
}
