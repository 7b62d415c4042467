from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("labeling", "0004_verify_review_and_focus")]

    operations = [
        migrations.AddField(
            model_name="annotation",
            name="absent",
            field=models.JSONField(
                default=list, help_text="LabelClass ids said to be absent: before the person's eyes, and not chosen"
            ),
        ),
    ]
