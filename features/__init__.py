"""Images to named numbers. Knows no label and no classifier."""

from features.abcd.block import ABCD
from features.abcd.report import ABCDReport, abcd_report
from features.abcd.total_dermoscopy_score import dermoscopy_category, total_dermoscopy_score
from features.batch import QUALITY, LesionBatch
from features.color.histogram import ColorHistogram, color_histogram
from features.color.joint_histogram import JointColorHistogram, joint_color_histogram
from features.color.moments import ColorMoments, color_moments
from features.color.quantiles import ColorQuantiles, color_quantiles
from features.color.skin_contrast import SkinContrast, skin_contrast
from features.color.typology_angle import SkinTypology, skin_typology, typology_angle
from features.color.zonal import ZonalColor, zonal_color
from features.descriptor import Descriptor, ImagePart, LearnedDescriptor
from features.devices import pick_device
from features.extraction import Extraction, Failure, extract
from features.image_features import ImageFeatures
from features.networks.backbones import Backbone, backbone_names, get_backbone
from features.networks.embedding import CNNEmbedding
from features.networks.frame import Frames, FrameView
from features.networks.normalization import normalize
from features.preparation.cleaning import ARTEFACTS, HAIR_REMOVALS
from features.preparation.constancy import shades_of_gray
from features.preparation.dullrazor import dullrazor_mask, interpolate_hair
from features.preparation.field_of_view import field_of_view
from features.preparation.framing import frame_image, lesion_window
from features.preparation.hair import hair_mask, light_hair_mask, remove_hair
from features.preparation.highlights import highlight_mask
from features.preparation.lesion_view import MASK_SOURCES, Preparation
from features.preparation.ruler import ruler_mask
from features.preparation.segmentation import SEGMENTERS, Segmentation, segment_lesion
from features.quality import QualityFlags
from features.reading.files import ImageError, read_image
from features.store import FeatureStore, open_store
from features.synthetic import LESION_COLORS, LesionStyle, draw_lesion
from features.texture.detail_bands import DetailBands, detail_bands
from features.texture.glcm import GLCM, glcm
from features.texture.haralick import Haralick, haralick
from features.texture.hog import HOG, hog
from features.texture.lbp import LBP, lbp
from features.texture.sparse_codes import SparseCodes

__all__ = [
    "ABCD",
    "ARTEFACTS",
    "GLCM",
    "HAIR_REMOVALS",
    "HOG",
    "LBP",
    "LESION_COLORS",
    "MASK_SOURCES",
    "QUALITY",
    "SEGMENTERS",
    "ABCDReport",
    "Backbone",
    "CNNEmbedding",
    "ColorHistogram",
    "ColorMoments",
    "ColorQuantiles",
    "Descriptor",
    "DetailBands",
    "Extraction",
    "Failure",
    "FeatureStore",
    "FrameView",
    "Frames",
    "Haralick",
    "ImageError",
    "ImageFeatures",
    "ImagePart",
    "JointColorHistogram",
    "LearnedDescriptor",
    "LesionBatch",
    "LesionStyle",
    "Preparation",
    "QualityFlags",
    "Segmentation",
    "SkinContrast",
    "SkinTypology",
    "SparseCodes",
    "ZonalColor",
    "abcd_report",
    "backbone_names",
    "color_histogram",
    "color_moments",
    "color_quantiles",
    "dermoscopy_category",
    "detail_bands",
    "draw_lesion",
    "dullrazor_mask",
    "extract",
    "field_of_view",
    "frame_image",
    "get_backbone",
    "glcm",
    "hair_mask",
    "haralick",
    "highlight_mask",
    "hog",
    "interpolate_hair",
    "joint_color_histogram",
    "lbp",
    "lesion_window",
    "light_hair_mask",
    "normalize",
    "open_store",
    "pick_device",
    "read_image",
    "remove_hair",
    "ruler_mask",
    "segment_lesion",
    "shades_of_gray",
    "skin_contrast",
    "skin_typology",
    "total_dermoscopy_score",
    "typology_angle",
    "zonal_color",
]
