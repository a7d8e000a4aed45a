"""What a manifest tells of the patient: metadata, their absence, and the other lesions."""

from pipelines.patients.metadata import Missingness, PatientMetadata
from pipelines.patients.patient_features import PatientFeatures

__all__ = ["Missingness", "PatientFeatures", "PatientMetadata"]
