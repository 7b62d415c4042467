from django.db import migrations


def add_first_models(apps, schema_editor):
    """The backbone that a project started with is its first model."""
    spaces = apps.get_model("images", "EmbeddingSpace").objects.filter(state="active", model_version=None)
    models = apps.get_model("modeling", "ModelVersion").objects
    for space in spaces:
        if not models.filter(project_id=space.project_id).exists():
            models.create(
                project_id=space.project_id,
                number=1,
                space=space,
                state="serving",
                backbone=space.backbone,
                promoted_at=space.created_at,
            )


class Migration(migrations.Migration):

    dependencies = [
        ('images', '0002_space_weights'),
        ('modeling', '0001_initial'),
    ]

    operations = [
        migrations.RunPython(add_first_models, migrations.RunPython.noop, elidable=True),
    ]
