"""Images to named numbers. Knows no label and no classifier."""

from features.abcd import ABCD
from features.backbones import Backbone, backbone_names, get_backbone
from features.batch import QUALITY, LesionBatch
from features.color_histogram import ColorHistogram, color_histogram
from features.color_moments import ColorMoments, color_moments
from features.color_quantiles import ColorQuantiles, color_quantiles
from features.constancy import shades_of_gray
from features.descriptor import Descriptor, ImagePart
from features.detail_bands import DetailBands, detail_bands
from features.devices import pick_device
from features.embedding import CNNEmbedding
from features.extraction import Extraction, Failure, extract
from features.field_of_view import field_of_view
from features.frame import Frames, FrameView
from features.framing import frame_image, lesion_window
from features.glcm import GLCM
from features.hair import hair_mask, remove_hair
from features.hog import HOG
from features.image_features import ImageFeatures
from features.joint_color_histogram import JointColorHistogram, joint_color_histogram
from features.lbp import LBP
from features.normalization import normalize
from features.preparation import MASK_SOURCES, Preparation
from features.quality import QualityFlags
from features.reading import ImageError, read_image
from features.segmentation import Segmentation, segment_lesion
from features.skin_contrast import SkinContrast, skin_contrast
from features.store import FeatureStore, open_store
from features.synthetic import LESION_COLORS, LesionStyle, draw_lesion
from features.total_dermoscopy_score import dermoscopy_category, total_dermoscopy_score
from features.zonal_color import ZonalColor, zonal_color

__all__ = [
    "ABCD",
    "GLCM",
    "HOG",
    "LBP",
    "LESION_COLORS",
    "MASK_SOURCES",
    "QUALITY",
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
    "ImageError",
    "ImageFeatures",
    "ImagePart",
    "JointColorHistogram",
    "LesionBatch",
    "LesionStyle",
    "Preparation",
    "QualityFlags",
    "Segmentation",
    "SkinContrast",
    "ZonalColor",
    "backbone_names",
    "color_histogram",
    "color_moments",
    "color_quantiles",
    "dermoscopy_category",
    "detail_bands",
    "draw_lesion",
    "extract",
    "field_of_view",
    "frame_image",
    "get_backbone",
    "hair_mask",
    "joint_color_histogram",
    "lesion_window",
    "normalize",
    "open_store",
    "pick_device",
    "read_image",
    "remove_hair",
    "segment_lesion",
    "shades_of_gray",
    "skin_contrast",
    "total_dermoscopy_score",
    "zonal_color",
]
