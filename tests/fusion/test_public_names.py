import fusion


def test_public_names_are_sorted_and_exist():
    assert fusion.__all__ == sorted(fusion.__all__)
    assert all(hasattr(fusion, name) for name in fusion.__all__)


def test_public_names_are_documented():
    assert all(getattr(fusion, name).__doc__ for name in fusion.__all__)
